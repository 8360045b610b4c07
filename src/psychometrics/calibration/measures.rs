//! What a finished calibration gives to others: abilities of the people, curves' derivatives, the
//! distribution of ability. Nothing is estimated anew here.

use super::algorithm::cell_table;
use super::expectation::Tables;
use super::maximization::estimated_coordinates;
use super::{Design, Fit, LatentShape, Responses};

/// A person's ability: posterior mean and standard deviation under the fitted distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ability {
    /// E[θ | answers].
    pub mean: f64,
    /// SD[θ | answers].
    pub sd: f64,
}

/// Every person's ability, in their order.
pub fn abilities(responses: &Responses, design: &Design, fit: &Fit) -> Vec<Ability> {
    let nodes = &design.settings.nodes;
    let cells = cell_table(responses, design, &fit.items);
    let posteriors = Tables::new(responses, &cells, &fit.latent, nodes).posteriors();
    let of_pattern: Vec<Ability> = (0..responses.patterns())
        .map(|pattern| {
            let posterior = posteriors.row(pattern);
            let points = nodes.points().iter().zip(posterior);
            let mean: f64 = points.clone().map(|(x, h)| x * h).sum();
            let variance: f64 = points.map(|(x, h)| (x - mean) * (x - mean) * h).sum();
            Ability { mean, sd: variance.sqrt() }
        })
        .collect();
    (0..responses.persons()).map(|person| of_pattern[responses.pattern_of(person)]).collect()
}

/// A free parameter of the model and how it moves the curves, or the distribution of ability.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivative {
    /// The item; `None` for a group's mean or ln SD.
    pub item: Option<usize>,
    /// ∂P_k(θ_q)/∂x at `k · nodes + q`; for ability ∂w_q/∂x at `q`.
    pub values: Vec<f64>,
}

/// The share of people in each group.
fn group_shares(responses: &Responses) -> Vec<f64> {
    let mut shares = vec![0.0; responses.group_count()];
    for pattern in 0..responses.patterns() {
        if responses.pattern(pattern).next().is_some() {
            shares[responses.group(pattern)] += responses.weight(pattern);
        }
    }
    let total: f64 = shares.iter().sum();
    shares.iter().map(|share| share / total).collect()
}

/// Everybody's distribution of ability: the groups' weights at the nodes, mixed by their sizes.
pub fn pooled_weights(responses: &Responses, fit: &Fit) -> Vec<f64> {
    let mut pooled = vec![0.0; fit.latent.first().map_or(0, |latent| latent.weights.len())];
    for (latent, share) in fit.latent.iter().zip(group_shares(responses)) {
        pooled.iter_mut().zip(&latent.weights).for_each(|(sum, weight)| *sum += share * weight);
    }
    pooled
}

/// Derivatives of everything that was estimated, for people of all groups together.
pub fn derivatives(responses: &Responses, design: &Design, fit: &Fit) -> Vec<Derivative> {
    let nodes = &design.settings.nodes;
    let points = nodes.points();
    let mut all = Vec::new();
    for (item, x) in fit.items.iter().enumerate() {
        let categories = responses.categories(item);
        let family = design.items[item].family;
        let (mut p, mut score) = (vec![0.0; categories], vec![0.0; categories * x.len()]);
        let free = estimated_coordinates(&design.items[item], x, categories);
        let mut columns = vec![vec![0.0; categories * points.len()]; free.len()];
        for (q, &theta) in points.iter().enumerate() {
            family.derivatives(x, theta, &mut p, &mut score);
            for (column, &index) in columns.iter_mut().zip(&free) {
                for k in 0..categories {
                    column[k * points.len() + q] = p[k] * score[k * x.len() + index];
                }
            }
        }
        all.extend(columns.into_iter().map(|values| Derivative { item: Some(item), values }));
    }
    if design.shape != LatentShape::Normal {
        return all;
    }
    let groups = design.groups.iter().zip(&fit.latent).zip(group_shares(responses));
    for ((freedom, latent), share) in groups {
        let [by_mean, by_log_sd] = latent.normal_scores(nodes);
        for (free, score) in [(freedom.free_mean, by_mean), (freedom.free_variance, by_log_sd)] {
            if free {
                let weights = latent.weights.iter();
                let values = score.iter().zip(weights).map(|(s, w)| share * s * w).collect();
                all.push(Derivative { item: None, values });
            }
        }
    }
    all
}
