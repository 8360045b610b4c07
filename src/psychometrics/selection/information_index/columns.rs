//! Parameters of items in columns, and the information of many items at one ability at the full
//! width of vectors. Items that are not logistic are asked one by one; nothing is ranked here.

use crate::psychometrics::irt::{ItemModel, Logistic};
use crate::psychometrics::numeric::vector::{Kernel, at_full_width, exponential};

/// Some items in columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Discriminations; 0 of what is not logistic.
    a: Vec<f64>,
    /// Difficulties.
    b: Vec<f64>,
    /// Lower and upper asymptotes; empty while no item has one.
    asymptotes: Vec<(f64, f64)>,
    /// Places of items that are not logistic.
    others: Vec<u32>,
}

/// How the items of some columns are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Two parameters at most.
    Plain,
    /// Logistic with asymptotes.
    Asymptotic,
    /// Some are not logistic.
    Mixed,
}

impl Columns {
    /// Adds an item.
    pub fn push(&mut self, item: &ItemModel) {
        let (a, b, asymptotes) = match item {
            ItemModel::Logistic(it) => {
                (it.discrimination(), it.difficulty(), (it.lower(), it.upper()))
            }
            _ => {
                self.others.push(self.a.len() as u32);
                (0.0, 0.0, (0.0, 1.0))
            }
        };
        if asymptotes != (0.0, 1.0) && self.asymptotes.is_empty() {
            self.asymptotes = vec![(0.0, 1.0); self.a.len()];
        }
        self.a.push(a);
        self.b.push(b);
        if asymptotes != (0.0, 1.0) || !self.asymptotes.is_empty() {
            self.asymptotes.push(asymptotes);
        }
    }

    /// The columns of some items.
    pub fn of<'i>(items: impl Iterator<Item = &'i ItemModel>) -> Self {
        let mut columns = Self::default();
        items.for_each(|item| columns.push(item));
        columns
    }

    /// Forgets all items and keeps the room.
    pub fn clear(&mut self) {
        self.a.clear();
        self.b.clear();
        self.asymptotes.clear();
        self.others.clear();
    }

    /// How they are evaluated.
    pub fn kind(&self) -> Kind {
        match (self.others.is_empty(), self.asymptotes.is_empty()) {
            (false, _) => Kind::Mixed,
            (true, false) => Kind::Asymptotic,
            (true, true) => Kind::Plain,
        }
    }

    /// The information of all items at an ability; `model` gives the item at a place.
    pub fn informations<'i>(
        &self,
        theta: f64,
        model: impl Fn(usize) -> &'i ItemModel,
        out: &mut Vec<f64>,
    ) {
        out.resize(self.a.len(), 0.0);
        at_full_width(Informations { columns: self, theta, out });
        for &place in &self.others {
            out[place as usize] = model(place as usize).information(theta);
        }
    }

    /// The probabilities that people of eight abilities answer logistic items wrongly.
    #[inline(always)]
    pub fn eight_wrong(&self, thetas: &[f64; 8], places: &[u32; 8]) -> [f64; 8] {
        let (mut a, mut b, mut asymptotes) = ([0.0; 8], [0.0; 8], [(0.0, 1.0); 8]);
        for lane in 0..8 {
            (a[lane], b[lane]) = (self.a[places[lane] as usize], self.b[places[lane] as usize]);
        }
        if !self.asymptotes.is_empty() {
            for lane in 0..8 {
                asymptotes[lane] = self.asymptotes[places[lane] as usize];
            }
        }
        let mut wrong = [0.0; 8];
        for lane in 0..8 {
            let z = a[lane] * (thetas[lane] - b[lane]);
            let e = exponential(-z.abs());
            let t = if z >= 0.0 { e } else { 1.0 } / (1.0 + e);
            let (c, d) = asymptotes[lane];
            wrong[lane] = (1.0 - d) + (d - c) * t;
        }
        wrong
    }

    /// The information of a few logistic items at an ability.
    #[inline(always)]
    pub fn some<const N: usize>(&self, theta: f64, places: &[u32; N]) -> [f64; N] {
        let (mut a, mut b, mut values) = ([0.0; N], [0.0; N], [0.0; N]);
        for lane in 0..N {
            (a[lane], b[lane]) = (self.a[places[lane] as usize], self.b[places[lane] as usize]);
        }
        if self.asymptotes.is_empty() {
            for lane in 0..N {
                values[lane] = plain_information(a[lane], b[lane], theta);
            }
        } else {
            let mut asymptotes = [(0.0, 1.0); N];
            for lane in 0..N {
                asymptotes[lane] = self.asymptotes[places[lane] as usize];
            }
            for lane in 0..N {
                values[lane] = information(a[lane], b[lane], asymptotes[lane], theta);
            }
        }
        values
    }
}

struct Informations<'c> {
    columns: &'c Columns,
    theta: f64,
    out: &'c mut [f64],
}

impl Kernel for Informations<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { columns: Columns { a, b, asymptotes, .. }, theta, out } = self;
        let n = out.len();
        let (a, b) = (&a[..n], &b[..n]);
        if asymptotes.is_empty() {
            for at in 0..n {
                out[at] = plain_information(a[at], b[at], theta);
            }
        } else {
            let asymptotes = &asymptotes[..n];
            for at in 0..n {
                out[at] = information(a[at], b[at], asymptotes[at], theta);
            }
        }
    }
}

/// a² e/(1 + e)² with e = e^−|a(θ − b)|, which is a² P(1 − P).
#[inline(always)]
fn plain_information(a: f64, b: f64, theta: f64) -> f64 {
    let e = exponential(-(a * (theta - b)).abs());
    let one = 1.0 + e;
    a * a * (e / (one * one))
}

/// [`Logistic::information`] term by term, with choices in place of branches.
#[inline(always)]
fn information(a: f64, b: f64, (c, d): (f64, f64), theta: f64) -> f64 {
    let z = a * (theta - b);
    let e = exponential(-z.abs());
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    let (s, t) = if z >= 0.0 { (large, small) } else { (small, large) };
    let span = d - c;
    let right = if c == 0.0 { 1.0 } else { span * s / (c + span * s) };
    let wrong = if d == 1.0 { 1.0 } else { span * t / ((1.0 - d) + span * t) };
    a * a * (t * right) * (s * wrong)
}

/// Where an item's information is bounded between two abilities.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Curve {
    /// One peak, there and so high (Logistic).
    Peaked {
        /// Where.
        theta: f64,
        /// How high.
        summit: f64,
        /// Its discrimination.
        slope: f64,
    },
    /// |(ln I)′| is at most this: I is the variance of slopes, I′ their third central moment,
    /// and |E(a − ā)³| ≤ (largest − least slope) · Var(a).
    LogSlope(f64),
    /// |I′| ≤ aI + a²√I: I = E ℓ′², I′ = E ℓ′³ + 2 E ℓ′ℓ″ with |ℓ′| ≤ a and |ℓ″| ≤ a²/2, the
    /// second term by Cauchy and Schwarz. Hence (√I)′ ≤ a(√I + a)/2 (Graded, slope a).
    Graded(f64),
}

impl Curve {
    /// The curve of an item.
    pub fn of(item: &ItemModel) -> Self {
        match item {
            ItemModel::Logistic(it) => peaked(it, item),
            ItemModel::Graded(it) => Self::Graded(it.discrimination()),
            ItemModel::GeneralizedPartialCredit(it) => {
                Self::LogSlope(slope_range(it.categorical().slopes()))
            }
            ItemModel::Nominal(it) => Self::LogSlope(slope_range(it.slopes())),
        }
    }

    /// A bound of |(ln I)′|, for graded items where I is above a²/10⁴.
    pub fn steepest(&self) -> f64 {
        match *self {
            // (ln I)′ = a((t − s) + t(1 − w) − s(1 − u)) with shares u, w of at most 1.
            Self::Peaked { slope, .. } => 2.0 * slope,
            Self::LogSlope(slope) => slope,
            Self::Graded(a) => 101.0 * a,
        }
    }

    /// Numbers between which the information lies on [lo, hi], from its values at both ends.
    #[inline]
    pub fn between(&self, (lo, hi): (f64, f64), (at_lo, at_hi): (f64, f64)) -> (f64, f64) {
        match *self {
            // With one peak the least value is at an end.
            Self::Peaked { theta, summit, .. } => {
                let most = at_lo.max(at_hi);
                let inside = lo < theta && theta < hi;
                (at_lo.min(at_hi), if inside { most.max(summit) } else { most })
            }
            // Growth from one end meets growth from the other in between.
            Self::LogSlope(slope) => {
                let middle = (at_lo * at_hi).sqrt();
                let growth = libm::exp(0.5 * slope * (hi - lo));
                (middle / growth, middle * growth)
            }
            Self::Graded(a) => {
                let middle = ((at_lo.sqrt() + a) * (at_hi.sqrt() + a)).sqrt();
                let growth = libm::exp(0.25 * a * (hi - lo));
                let (least, most) = (middle / growth - a, middle * growth - a);
                (least.max(0.0) * least.max(0.0), most * most)
            }
        }
    }
}

fn peaked(logistic: &Logistic, item: &ItemModel) -> Curve {
    let slope = logistic.discrimination();
    if logistic.lower() == 0.0 && logistic.upper() == 1.0 {
        let summit = 0.25 * slope * slope;
        return Curve::Peaked { theta: logistic.difficulty(), summit, slope };
    }
    let theta = logistic.theta_max_information();
    Curve::Peaked { theta, summit: item.information(theta), slope }
}

fn slope_range(slopes: &[f64]) -> f64 {
    let least = slopes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most - least
}
