//! What has no value: buttons, groups and pages.

use super::{Common, Declaration, Kind, RawValue, common_builders};
use crate::ParamKind;

macro_rules! valueless {
    ($name:ident, $kind:ident) => {
        impl Kind for $name {
            type Value = ();
            const KIND: ParamKind = ParamKind::$kind;

            fn common(&self) -> &Common {
                &self.common
            }

            fn default_value(&self) {}

            fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
                let bare = Declaration::new(id, hint, Self::KIND, self.common);
                self.complete(bare)
            }

            fn encode((): ()) -> RawValue {
                RawValue::Nothing
            }

            fn decode(_raw: RawValue) -> Option<()> {
                Some(())
            }
        }
    };
}

/// A button; pressing it calls [`Effect::changed`](crate::plugin::Effect::changed). MLT leaves buttons out.
#[doc(alias = "kOfxParamTypePushButton")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PushButton {
    common: Common,
}

impl PushButton {
    /// A button with that text on it.
    pub const fn new(label: &'static str) -> Self {
        let mut common = Common::new(label);
        common.animates = false;
        Self { common }
    }

    fn complete(&self, declaration: Declaration) -> Declaration {
        declaration
    }

    common_builders!();
}

valueless!(PushButton, PushButton);

/// A folder of parameters, which name it as their parent. Declare it before them.
#[doc(alias = "kOfxParamTypeGroup")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    common: Common,
    open: bool,
}

impl Group {
    /// A folder, unfolded when the node is made.
    pub const fn new(label: &'static str) -> Self {
        let mut common = Common::new(label);
        common.animates = false;
        Self { common, open: true }
    }

    /// Folds it when the node is made.
    pub const fn closed(mut self) -> Self {
        self.open = false;
        self
    }

    fn complete(&self, declaration: Declaration) -> Declaration {
        Declaration { open: self.open, ..declaration }
    }

    common_builders!();
}

valueless!(Group, Group);

/// A page of parameters, for hosts that show pages rather than folders. Declare it after them.
#[doc(alias = "kOfxParamTypePage")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    common: Common,
    children: &'static [&'static str],
}

impl Page {
    /// A page that holds these parameters, by id.
    pub const fn new(label: &'static str, children: &'static [&'static str]) -> Self {
        let mut common = Common::new(label);
        common.animates = false;
        Self { common, children }
    }

    fn complete(&self, declaration: Declaration) -> Declaration {
        Declaration { children: self.children, ..declaration }
    }

    common_builders!();
}

valueless!(Page, Page);
