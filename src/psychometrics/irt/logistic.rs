//! The one- to four-parameter logistic models for items that are right or wrong. Never divides
//! by a probability that may have vanished.

use super::error::{discrimination, finite};
use super::{LogDerivatives, ModelError};
use crate::psychometrics::numeric::special::{log_logistic, logistic_pair};

/// P(right) = c + (d − c) σ(a(θ − b)) (Birnbaum, 1968, ch. 17; Barton & Lord, 1981, for d).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logistic {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

impl Logistic {
    /// An item from discrimination a, difficulty b, lower asymptote c and upper asymptote d.
    ///
    /// # Errors
    /// A number that is not finite, a ≤ 0, c or d outside [0, 1], c ≥ d.
    pub fn new(a: f64, b: f64, c: f64, d: f64) -> Result<Self, ModelError> {
        let a = discrimination(a)?;
        let b = finite("b", b)?;
        for (parameter, value) in [("c", c), ("d", d)] {
            if !(0.0..=1.0).contains(&finite(parameter, value)?) {
                return Err(ModelError::Asymptote { parameter: parameter.to_owned(), value });
            }
        }
        if c >= d {
            return Err(ModelError::AsymptoteOrder { lower: c, upper: d });
        }
        Ok(Self { a, b, c, d })
    }

    /// The discrimination a > 0.
    #[inline]
    pub fn discrimination(&self) -> f64 {
        self.a
    }

    /// The difficulty b.
    #[inline]
    pub fn difficulty(&self) -> f64 {
        self.b
    }

    /// The lower asymptote c: what blind guessing earns.
    #[inline]
    pub fn lower(&self) -> f64 {
        self.c
    }

    /// The upper asymptote d: one less slips.
    #[inline]
    pub fn upper(&self) -> f64 {
        self.d
    }

    /// P(category | θ), 1 being right; the complement is computed from 1 − σ, so that it keeps
    /// its relative precision far above the difficulty.
    ///
    /// ```
    /// use gradus::psychometrics::irt::Logistic;
    /// let item = Logistic::new(1.0, 0.0, 0.0, 1.0)?;
    /// assert!(item.probability(700.0, 0) > 0.0);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    #[inline]
    pub fn probability(&self, theta: f64, category: usize) -> f64 {
        let (s, t) = logistic_pair(self.a * (theta - self.b));
        self.between_asymptotes(s, t, category)
    }

    #[inline]
    fn between_asymptotes(&self, s: f64, t: f64, category: usize) -> f64 {
        let span = self.d - self.c;
        if category == 1 { self.c + span * s } else { (1.0 - self.d) + span * t }
    }

    /// Both probabilities: wrong, right.
    pub(super) fn probabilities(&self, theta: f64, out: &mut [f64]) {
        let (s, t) = logistic_pair(self.a * (theta - self.b));
        for (category, value) in out.iter_mut().enumerate() {
            *value = self.between_asymptotes(s, t, category);
        }
    }

    /// ln P(category | θ); where the asymptote is absent, through ln σ, which stays finite where
    /// σ would underflow.
    #[inline]
    pub fn log_probability(&self, theta: f64, category: usize) -> f64 {
        let z = self.a * (theta - self.b);
        if category == 1 && self.c == 0.0 {
            libm::log(self.d) + log_logistic(z)
        } else if category != 1 && self.d == 1.0 {
            libm::log1p(-self.c) + log_logistic(-z)
        } else {
            libm::log(self.probability(theta, category))
        }
    }

    /// s(d − c)/P and t(d − c)/Q, the shares of the probabilities that depend on θ. They are
    /// exactly 1 without the asymptote, also where P or Q underflows.
    #[inline]
    fn shares(&self, s: f64, t: f64) -> (f64, f64) {
        let span = self.d - self.c;
        let right = if self.c == 0.0 { 1.0 } else { span * s / (self.c + span * s) };
        let wrong = if self.d == 1.0 { 1.0 } else { span * t / ((1.0 - self.d) + span * t) };
        (right, wrong)
    }

    /// ln P and its derivatives: with s = σ, t = 1 − s and the shares u = (d − c)s/P,
    /// w = (d − c)t/Q: ℓ′ = a t u or −a s w, ℓ″ = a² t u(t − s) − ℓ′² or a² s w(s − t) − ℓ′².
    #[inline]
    pub fn log_derivatives(&self, theta: f64, category: usize) -> LogDerivatives {
        let (s, t) = logistic_pair(self.a * (theta - self.b));
        let (right, wrong) = self.shares(s, t);
        let (sign, near, far, share) =
            if category == 1 { (1.0, s, t, right) } else { (-1.0, t, s, wrong) };
        let first = sign * self.a * far * share;
        // far·share·((far − near) − far·share) without the cancellation for share = 1.
        let second = -self.a * self.a * far * share * (near - far * (1.0 - share));
        LogDerivatives { log_probability: self.log_probability(theta, category), first, second }
    }

    /// ℓ′ alone: a t u for right, −a s w for wrong.
    #[inline]
    pub fn log_slope(&self, theta: f64, category: usize) -> f64 {
        let (s, t) = logistic_pair(self.a * (theta - self.b));
        let (right, wrong) = self.shares(s, t);
        if category == 1 { self.a * t * right } else { -self.a * s * wrong }
    }

    /// I(θ) = P′²/(PQ) = a² (t u)(s w), u and w the shares of [`Self::log_derivatives`]; for
    /// d = 1 it equals a² (Q/P)((P − c)/(1 − c))² (Lord, 1980, ch. 4).
    #[inline]
    pub fn information(&self, theta: f64) -> f64 {
        let (s, t) = logistic_pair(self.a * (theta - self.b));
        let (right, wrong) = self.shares(s, t);
        self.a * self.a * (t * right) * (s * wrong)
    }

    /// The θ at which the information is largest. The probability there is the middle root of
    /// 2P³ − 3P² + (c + d − 2cd)P + cd = 0 (Magis, 2013, *Appl. Psychol. Meas.* 37, 304–315); for
    /// d = 1 this is b + ln((1 + √(1 + 8c))/2)/a (Birnbaum, 1968, ch. 20).
    ///
    /// ```
    /// use gradus::psychometrics::irt::Logistic;
    /// let item = Logistic::new(1.5, 0.5, 0.2, 1.0)?;
    /// assert!((item.theta_max_information() - 0.678095).abs() < 5e-7);
    /// # Ok::<(), gradus::psychometrics::irt::ModelError>(())
    /// ```
    pub fn theta_max_information(&self) -> f64 {
        if self.d == 1.0 {
            let root = (1.0 + 8.0 * self.c).sqrt();
            return self.b + libm::log(0.5 * (1.0 + root)) / self.a;
        }
        // With P = x + ½ the cubic loses its square: x³ + px + q = 0, three real roots.
        let p = 0.5 * (self.c + self.d - 2.0 * self.c * self.d - 1.5);
        let q = 0.25 * (self.c + self.d - 1.0);
        let radius = 2.0 * (-p / 3.0).sqrt();
        let cosine = (3.0 * q / (p * radius)).clamp(-1.0, 1.0);
        let angle = (libm::acos(cosine) - 2.0 * core::f64::consts::PI) / 3.0;
        let share = (radius * libm::cos(angle) + 0.5 - self.c) / (self.d - self.c);
        self.b + libm::log(share / (1.0 - share)) / self.a
    }
}
