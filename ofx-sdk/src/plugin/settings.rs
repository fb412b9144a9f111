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
///
/// A field without an expression holds the parameters of another such struct, at its place in the order: what several
/// nodes have alike is declared once.
///
/// ```
/// use ofx_sdk::plugin::{Boolean, Double, Settings};
///
/// ofx_sdk::settings! {
///     /// What every node has that blurs.
///     pub struct BlurSettings {
///         /// How far it reaches.
///         radius_px: Double = Double::new("Radius").default(8.0),
///     }
/// }
/// ofx_sdk::settings! {
///     /// What the artist may adjust.
///     pub struct HaloSettings {
///         /// Show nothing but the halo.
///         alone: Boolean = Boolean::new("Alone"),
///         /// How wide it is.
///         blur: BlurSettings,
///     }
/// }
///
/// assert_eq!(HaloSettings::default().blur.radius_px, 8.0);
/// let ids: Vec<_> = HaloSettings::declarations().iter().map(|declaration| declaration.id).collect();
/// assert_eq!(ids, ["alone", "radius_px"]);
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $hint:literal])+ $field:ident : $kind:ty $(= $declaration:expr)? ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $( $(#[doc = $hint])+ pub $field: $crate::settings!(@value $kind $(= $declaration)?), )+
        }

        #[allow(non_upper_case_globals, dead_code)]
        impl $name {
            $( $crate::settings!(@id [$($hint),+] $field: $kind $(= $declaration)?); )+
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::settings!(@default $kind $(= $declaration)?), )+ }
            }
        }

        impl $crate::plugin::Settings for $name {
            fn declarations() -> ::std::vec::Vec<$crate::plugin::Declaration> {
                [ $( $crate::settings!(@declare [$($hint),+] $field: $kind $(= $declaration)?) ),+ ].into_iter().flatten().collect()
            }

            fn read(values: &$crate::plugin::Values<'_>) -> Self {
                Self { $( $field: $crate::settings!(@read values, $field: $kind $(= $declaration)?), )+ }
            }
        }
    };

    // A parameter, or the parameters of another struct.
    (@value $kind:ty = $declaration:expr) => { <$kind as $crate::plugin::Kind>::Value };
    (@value $part:ty) => { $part };

    (@id [$($hint:literal),+] $field:ident: $kind:ty = $declaration:expr) => {
        $(#[doc = $hint])+
        pub const $field: $crate::plugin::ParamId<$kind> = $crate::plugin::ParamId::new(stringify!($field));
    };
    (@id [$($hint:literal),+] $field:ident: $part:ty) => {};

    (@default $kind:ty = $declaration:expr) => { <$kind as $crate::plugin::Kind>::default_value(&$declaration) };
    (@default $part:ty) => { <$part as ::core::default::Default>::default() };

    (@declare [$($hint:literal),+] $field:ident: $kind:ty = $declaration:expr) => {
        ::std::vec![<$kind as $crate::plugin::Kind>::declaration(
            &$declaration, stringify!($field), concat!($($hint, "\n"),+),
        )]
    };
    (@declare [$($hint:literal),+] $field:ident: $part:ty) => {
        <$part as $crate::plugin::Settings>::declarations()
    };

    (@read $values:ident, $field:ident: $kind:ty = $declaration:expr) => {
        $values.read::<$kind>(stringify!($field), &$declaration)
    };
    (@read $values:ident, $field:ident: $part:ty) => { <$part as $crate::plugin::Settings>::read($values) };
}
