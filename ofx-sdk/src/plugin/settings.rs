//! `settings!`: one struct is the single source of a node's parameters.

use super::{kinds::Declaration, params::Values};
use std::fmt;

/// The values of all parameters of a node at one time, as a plain struct. Written by [`settings!`](crate::settings).
pub trait Settings: Clone + fmt::Debug + Default + Send + Sync + 'static {
    /// Every parameter as data, in the order that the artist sees.
    fn declarations() -> Vec<Declaration>;

    /// Reads every value from the host. What the host cannot deliver is replaced by its default.
    fn read(values: &Values<'_>) -> Self;
}

/// A node without parameters.
impl Settings for () {
    fn declarations() -> Vec<Declaration> {
        Vec::new()
    }

    fn read(_values: &Values<'_>) -> Self {}
}

/// Declares the parameters of a node.
///
/// The doc comment of a field is the hint that the artist reads, its name is the parameter's id (never renamed once
/// released, because projects save it), its type is a [kind](crate::plugin::kinds), and the expression builds label,
/// range and default. The macro makes
///
/// - a struct of the same name whose fields hold plain values (`f64`, `bool`, `String`, …; `()` for buttons, groups
///   and pages), with `Default`, `Clone`, `Debug` and `PartialEq`;
/// - its [`Settings`] implementation;
/// - an associated constant per field, a typed [`ParamId`](crate::plugin::ParamId) of the field's name.
///
/// ```
/// use ofx_sdk::plugin::{Boolean, Double, ParamId, Settings};
///
/// ofx_sdk::settings! {
///     /// What the artist may adjust.
///     pub struct GlowSettings {
///         /// How far the glow reaches,
///         /// in pixels of full resolution.
///         radius_px: Double = Double::new("Radius").range(0.0, 1000.0).display(0.0, 50.0).default(8.0),
///         /// Only show the glow.
///         glow_only: Boolean = Boolean::new("Glow only"),
///     }
/// }
///
/// assert_eq!(GlowSettings::default().radius_px, 8.0);
/// assert_eq!(GlowSettings::radius_px.name(), "radius_px");
/// let radius = &GlowSettings::declarations()[0];
/// assert_eq!(radius.hint, "How far the glow reaches, in pixels of full resolution.");
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $hint:literal])+ $field:ident : $kind:ty = $declaration:expr ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $( $(#[doc = $hint])+ pub $field: <$kind as $crate::plugin::Kind>::Value, )+
        }

        #[allow(non_upper_case_globals, dead_code)]
        impl $name {
            $( $(#[doc = $hint])+ pub const $field: $crate::plugin::ParamId<$kind> =
                $crate::plugin::ParamId::new(stringify!($field)); )+
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                Self { $( $field: <$kind as $crate::plugin::Kind>::default_value(&$declaration), )+ }
            }
        }

        impl $crate::plugin::Settings for $name {
            fn declarations() -> ::std::vec::Vec<$crate::plugin::Declaration> {
                ::std::vec![
                    $( <$kind as $crate::plugin::Kind>::declaration(
                        &$declaration, stringify!($field), concat!($($hint, "\n"),+),
                    ), )+
                ]
            }

            fn read(values: &$crate::plugin::Values<'_>) -> Self {
                Self { $( $field: values.read::<$kind>(stringify!($field), &$declaration), )+ }
            }
        }
    };
}
