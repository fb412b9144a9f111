/// A dense, damped least-squares step (Levenberg 1944, Marquardt 1963): the normal equations are gathered one residual
/// at a time, so no matrix of all residuals is held.
#[derive(Debug, Clone)]
pub(super) struct NormalEquations {
    size: usize,
    /// Lower triangle of JᵀJ, row by row.
    matrix: Vec<f64>,
    /// Jᵀr.
    gradient: Vec<f64>,
}

impl NormalEquations {
    pub(super) fn new(size: usize) -> Self {
        Self { size, matrix: vec![0.0; size * size], gradient: vec![0.0; size] }
    }

    /// Adds a residual of this `weight` whose derivative is `slopes` by the unknowns of these indices. An index may
    /// stand twice; its slopes add up.
    pub(super) fn add(&mut self, residual: f64, slopes: &[(usize, f64)], weight: f64) {
        for &(row, by_row) in slopes {
            self.gradient[row] += weight * by_row * residual;
            for &(column, by_column) in slopes {
                if column <= row {
                    self.matrix[row * self.size + column] += weight * by_row * by_column;
                }
            }
        }
    }

    /// The change of the unknowns that makes the residuals smallest, held back by `damping` times the diagonal. `None`
    /// where the equations have no single answer.
    pub(super) fn step(&self, damping: f64) -> Option<Vec<f64>> {
        let (n, mut lower) = (self.size, self.matrix.clone());
        for row in 0..n {
            lower[row * n + row] += damping * self.matrix[row * n + row] + 1e-12;
            for column in 0..=row {
                let dot: f64 = (0..column).map(|k| lower[row * n + k] * lower[column * n + k]).sum();
                let rest = lower[row * n + column] - dot;
                lower[row * n + column] = match row == column {
                    true if rest <= 0.0 || !rest.is_finite() => return None,
                    true => rest.sqrt(),
                    false => rest / lower[column * n + column],
                };
            }
        }
        let mut step: Vec<f64> = self.gradient.iter().map(|slope| -slope).collect();
        for row in 0..n {
            let dot: f64 = (0..row).map(|k| lower[row * n + k] * step[k]).sum();
            step[row] = (step[row] - dot) / lower[row * n + row];
        }
        for row in (0..n).rev() {
            let dot: f64 = (row + 1..n).map(|k| lower[k * n + row] * step[k]).sum();
            step[row] = (step[row] - dot) / lower[row * n + row];
        }
        step.iter().all(|change| change.is_finite()).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_is_found_in_one_step() {
        // y = 2 x − 3 from its values; the unknowns start at 0.
        let mut equations = NormalEquations::new(2);
        for x in [0.0, 1.0, 4.0, 5.0] {
            equations.add(-(2.0 * x - 3.0), &[(0, x), (1, 1.0)], 1.0);
        }
        let step = equations.step(0.0).expect("two unknowns, four values");
        assert!((step[0] - 2.0).abs() < 1e-9 && (step[1] + 3.0).abs() < 1e-9);
    }
}
