//! Generated series with known truth, for the tests of the rules.

/// Random numbers from a fixed seed.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        let mut noise = Self(seed);
        for _ in 0..20 {
            noise.uniform();
        }
        noise
    }

    pub(super) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by the sum of twelve.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A stable series with standard deviation 1 about 0, each period like the one before to the given degree.
    pub(super) fn stable(&mut self, periods: usize, rho: f64) -> Vec<Option<f64>> {
        let mut last = self.normal();
        (0..periods)
            .map(|_| {
                last = rho * last + (1.0 - rho * rho).sqrt() * self.normal();
                Some(last)
            })
            .collect()
    }
}
