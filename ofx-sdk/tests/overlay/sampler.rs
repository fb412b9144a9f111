//! A node whose overlay paints everything that a painter can paint.

use ofx_sdk::{
    RectD, Result,
    drawing::Color,
    plugin::{
        Descriptor, Effect, Host, PluginTable, RenderArgs,
        overlay::{DrawArgs, Overlay, OverlayEntry, Painter, PointForm, Stroke},
    },
};
use std::f64::consts::TAU;

/// One for each host, since hosts are kept by type.
pub struct Sampler<const N: usize>;

impl<const N: usize> Sampler<N> {
    pub const TABLE: PluginTable = PluginTable::of::<Self>();
}

impl<const N: usize> Effect for Sampler<N> {
    type Settings = ();
    const DESCRIPTOR: Descriptor =
        Descriptor { identifier: c"org.rotocel.test.Sampler", label: "Sampler", ..Descriptor::DEFAULT };
    const OVERLAY: Option<OverlayEntry<Self>> = Some(OverlayEntry::of::<SamplerOverlay<N>>());

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self)
    }

    fn render(&self, _args: &RenderArgs<'_, Self>) -> Result<()> {
        Ok(())
    }
}

pub struct SamplerOverlay<const N: usize>;

impl<const N: usize> Overlay for SamplerOverlay<N> {
    type Effect = Sampler<N>;

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self)
    }

    fn draw(&self, _args: &DrawArgs<'_, Sampler<N>>, painter: &mut Painter) -> Result<()> {
        paint(painter);
        Ok(())
    }
}

/// Everything that a painter can paint.
pub fn paint(painter: &mut Painter) {
    painter.polygon(&[[0.0, 0.0], [130.0, 0.0], [130.0, 80.0], [0.0, 80.0]], Color::rgb(0.2, 0.3, 0.5));
    painter.polygon(&[[10.0, 10.0], [60.0, 5.0], [40.0, 50.0]], Color::rgb(0.9, 0.2, 0.1).with_alpha(0.5));
    let spiral: Vec<[f64; 2]> = (0..=120)
        .map(|i| (f64::from(i) / 120.0, f64::from(i) / 120.0 * 3.0 * TAU))
        .map(|(t, angle)| [90.0 + 30.0 * t * angle.cos(), 40.0 + 30.0 * t * angle.sin()])
        .collect();
    painter.polyline(&spiral, false, Stroke::new(Color::rgb(1.0, 0.8, 0.1)).width(2.5));
    painter.rectangle(RectD::new(-12.0, -6.0, 137.0, 86.0), Stroke::new(Color::WHITE).plain());
    let forms = [PointForm::Disc, PointForm::Ring, PointForm::Square, PointForm::Diamond, PointForm::Cross];
    for (i, form) in forms.into_iter().enumerate() {
        painter.point([8.0 + 12.0 * i as f64, 70.0], form, 11.0, Color::rgb(0.3, 1.0, 0.4));
    }
    painter.text([4.0, 55.0], [0.0, 0.0], "Jaw, gypsy: 100% (é ?)", Color::WHITE);
    painter.set_text_scale(2);
    painter.text([4.0, 20.0], [0.0, 0.0], "E[S|P]", Color::rgb(1.0, 0.6, 0.9).with_alpha(0.8));
}
