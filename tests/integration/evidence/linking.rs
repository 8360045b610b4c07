//! Are the standard errors of linking as large as its errors?

use gradus::psychometrics::linking::{
    Calibrated, LinkingError, LinkingMethod, jackknife, line, on_old_scale, sampling_errors,
    true_score_equating,
};
use nalgebra::DMatrix;

use super::*;

const COMMON: usize = 20;
const METHODS: [LinkingMethod; 4] = [
    LinkingMethod::MeanMean,
    LinkingMethod::MeanSigma,
    LinkingMethod::Haebara,
    LinkingMethod::StockingLord,
];

/// The first `COMMON` items as calibrated from a sample, with their parameters' covariance.
fn calibrated(items: &[ItemModel], people: People) -> (Vec<ItemModel>, DMatrix<f64>) {
    let responses = Responses::from_matrix(categories(items), &people.answers(items)).unwrap();
    let design = design(Family::TwoParameter, items.len(), Priors::default());
    let fit = estimate(&responses, &design);
    let covariance = calibration::covariance(&responses, &design, &fit).unwrap();
    let parameters = covariance.of_parameters(&design, &fit);
    let models = fit.items[..COMMON].iter().map(|x| Family::TwoParameter.model(x).unwrap());
    // Four parameters an item, of which a and b were estimated.
    (models.collect(), parameters.view((0, 0), (4 * COMMON, 4 * COMMON)).into_owned())
}

/// The covariance without what connects different parameters.
fn alone(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_diagonal(&covariance.diagonal())
}

/// A, B, the score equated to 10, and their standard errors: from covariances, from standard
/// errors alone, and (A and B) by the jackknife over items.
type Linked = [[f64; 3]; 4];

fn linked(
    method: LinkingMethod,
    new: &(Vec<ItemModel>, DMatrix<f64>),
    old: &(Vec<ItemModel>, DMatrix<f64>),
) -> Linked {
    let outcome = |new: &[ItemModel], old: &[ItemModel]| -> Result<Vec<f64>, LinkingError> {
        let line = line(method, new, old)?;
        let moved: Vec<ItemModel> =
            new.iter().map(|item| on_old_scale(item, line)).collect::<Result<_, _>>()?;
        Ok(vec![line.a, line.b, true_score_equating(&moved, old)?[10].equivalent])
    };
    let errors = |new_covariance: &DMatrix<f64>, old_covariance: &DMatrix<f64>| {
        let form = |items, covariance| Calibrated { items, covariance };
        let (new, old) = (form(&new.0, new_covariance), form(&old.0, old_covariance));
        sampling_errors(new, old, &outcome).unwrap()
    };
    let values = outcome(&new.0, &old.0).unwrap();
    let whole = errors(&new.1, &old.1);
    let apart = errors(&alone(&new.1), &alone(&old.1));
    let left_out = jackknife(method, &new.0, &old.0).unwrap();
    let three = |values: &[f64]| [values[0], values[1], values[2]];
    [three(&values), three(&whole), three(&apart), [left_out.a, left_out.b, 0.0]]
}

#[test]
fn errors_of_the_line_are_as_large_as_they_say() {
    // Goal: over replications of two calibrations the standard deviation of A, B and of an equated
    // score is the mean standard error from the covariances, for all four methods. Method: 20
    // common and 5 further items, 1,000 people of N(0, 1) and of N(.5, 1.2²), each calibrated on its
    // own N(0, 1), so A = 1.2, B = .5. A standard deviation of n values has the relative error
    // 1/√(2(n − 1)); three of them beyond a twentieth. Errors from standard errors alone and the
    // jackknife over items are printed beside.
    let count = size(16, 120);
    for &seed in seeds() {
        let items = two_parameter(seed, COMMON + 5, 1.2);
        let results: Vec<Vec<Linked>> = replications(count, |replication| {
            let seed = seed_of(seed, replication);
            let old = calibrated(&items, People::standard(2 * seed, 1_000));
            let people = People { seed: 2 * seed + 1, number: 1_000, mean: 0.5, sd: 1.2 };
            let new = calibrated(&items, people);
            METHODS.iter().map(|method| linked(*method, &new, &old)).collect()
        });
        for (place, method) in METHODS.iter().enumerate() {
            for (index, name, truth) in
                [(0, "A", Some(1.2)), (1, "B", Some(0.5)), (2, "score", None)]
            {
                let of = |kind: usize| -> Vec<f64> {
                    results.iter().map(|found| found[place][kind][index]).collect()
                };
                let (mean, error) = mean_and_error(&of(0));
                let sd = error * (count as f64).sqrt();
                let rms = |kind: usize| {
                    let squares: Vec<f64> = of(kind).iter().map(|se| se * se).collect();
                    mean_and_error(&squares).0.sqrt()
                };
                println!(
                    "seed {seed}: {method:?} {name}: mean {mean:.4}, SD {sd:.4}, SE {:.4}, from SEs \
                     alone {:.4}, jackknife {:.4}",
                    rms(1),
                    rms(2),
                    rms(3)
                );
                let slack = 0.05 + 3.0 / (2.0 * (count as f64 - 1.0)).sqrt();
                assert!((sd / rms(1) - 1.0).abs() <= slack, "{method:?} {name}: {sd} {}", rms(1));
                if let Some(truth) = truth {
                    assert!((mean - truth).abs() <= 0.01 + 3.0 * error, "{mean} ± {error}");
                }
            }
        }
    }
}
