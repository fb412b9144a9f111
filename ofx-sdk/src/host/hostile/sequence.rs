//! One random life of a plug-in in a hostile host: which lies hold throughout, and what happens in which order.

use super::{Dice, ImageLie, PropertyLie, SuiteLie, TextLie};
use crate::{Components, Depth, Field, RectD, RectI, Status, sys};
use std::{
    ffi::{CStr, CString},
    fmt,
};

/// What a plug-in is seen to use in a life without lies: lies about anything else would not be heard.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Suites that it fetches.
    pub suites: Vec<(CString, i32)>,
    /// Suite functions that it calls.
    pub functions: Vec<String>,
    /// Properties that it reads or sets.
    pub properties: Vec<CString>,
    /// Its parameters.
    pub params: Vec<String>,
    /// Its planes, by full name.
    pub planes: Vec<String>,
    /// Whether it has an overlay.
    pub overlay: bool,
}

/// One way in which the host misbehaves during a whole sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A suite is not what it should be.
    Suite(CString, i32, SuiteLie),
    /// A property is not what it should be.
    Property(CString, PropertyLie),
    /// A function always answers so, and does nothing. `kOfxStatOK` is among the answers.
    Call(String, Status),
    /// The call of this number, of whichever function, answers so and does nothing.
    CallOnce(u64, Status),
    /// The host asks to stop at this poll and at all after it.
    AbortAt(u64),
    /// From inside the suite call of this number, the host calls the plug-in.
    Reenter(u64, Box<Step>),
    /// Images are not what they should be: of which clip, and how.
    Image(String, ImageLie),
    /// Every clip covers this area.
    Region(RectD),
    /// String parameters hold no text.
    Text(TextLie),
    /// There is no other frame than the current one, though that was declared.
    OnlyThisFrame,
}

/// The instance that an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A null handle.
    Null,
    /// A handle that was never given, as one of an instance that is gone.
    Stale,
    /// A handle of another kind of object.
    Foreign,
    /// Instance of this number, or the null handle where there is none.
    Live(usize),
}

/// What is given for a set of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The set that the action asks for.
    Proper,
    /// A null handle.
    Null,
    /// A handle that was never given.
    Stale,
    /// A handle of another kind of object.
    Foreign,
}

/// The host that `setHost` passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostGiven {
    /// The one that created all instances.
    Same,
    /// An older one, with less of everything.
    Older,
    /// Null.
    Null,
}

/// What the arguments of an action say.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Frame.
    pub time: f64,
    /// Pixels per canonical pixel, along x and y.
    pub scale: [f64; 2],
    /// The render window.
    pub window: RectI,
    /// What the output image covers.
    pub bounds: RectI,
    /// The lines.
    pub field: Field,
    /// Planes to render, by number.
    pub planes: Vec<usize>,
    /// What changed, by number of the parameter.
    pub param: usize,
}

/// An action of a viewer, and what its arguments say.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// The action.
    pub action: &'static CStr,
    /// The viewer, by number where it is alive. Created where it is not there yet.
    pub viewer: Who,
    /// The instance that it is said to belong to.
    pub instance: Who,
    /// The set of arguments.
    pub in_args: Given,
    /// What is given to draw with.
    pub context: Given,
    /// Where the pen is, how large a pixel of the screen is, and the frame.
    pub numbers: [f64; 5],
    /// The key.
    pub key: i32,
}

/// A value that a host's parameter holds though the plug-in's declaration forbids it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Odd {
    /// As the numbers of a double or color.
    Number(f64),
    /// As a whole number, or the index of a choice.
    Whole(i32),
    /// As a text of that many characters.
    Text(usize),
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The host sets itself.
    SetHost(HostGiven),
    /// Load, Unload, Describe and the like: actions for no instance.
    Plain(&'static CStr, Who),
    /// A new descriptor is described in a context of this number; 6 is none of the standard's.
    DescribeIn(usize, Given),
    /// An instance is created at this number; where there is one, it is created a second time.
    Create(usize),
    /// An instance is destroyed.
    Destroy(Who),
    /// Any other action.
    Act(&'static CStr, Who, Given, Given, Asked),
    /// Something happens in a viewer.
    View(Glance),
    /// A parameter's value becomes one that it must not have.
    SetParam(usize, usize, Odd),
    /// Source gets a picture: components, depth, and the value of every pixel.
    Connect(usize, Components, Depth, f32),
    /// All at once, each on a thread of its own.
    AtOnce(Vec<Step>),
}

/// A random life.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// From which all else follows.
    pub seed: u64,
    /// What holds throughout.
    pub faults: Vec<Fault>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// Instances of one sequence at most.
pub(super) const MOST_INSTANCES: usize = 2;

/// Every action of an instance, and one that nobody knows.
pub(super) const ACTIONS: [&CStr; 18] = [
    sys::kOfxImageEffectActionRender,
    sys::kOfxImageEffectActionIsIdentity,
    sys::kOfxImageEffectActionGetRegionOfDefinition,
    sys::kOfxImageEffectActionGetRegionsOfInterest,
    sys::kOfxImageEffectActionGetFramesNeeded,
    sys::kOfxImageEffectActionGetTimeDomain,
    sys::kOfxImageEffectActionGetClipPreferences,
    sys::planes::kFnOfxImageEffectActionGetClipComponents,
    sys::kOfxImageEffectActionBeginSequenceRender,
    sys::kOfxImageEffectActionEndSequenceRender,
    sys::kOfxActionInstanceChanged,
    sys::kOfxActionBeginInstanceChanged,
    sys::kOfxActionEndInstanceChanged,
    sys::kOfxActionSyncPrivateData,
    sys::kOfxActionPurgeCaches,
    sys::kOfxActionBeginInstanceEdit,
    sys::kOfxActionEndInstanceEdit,
    c"OfxActionOfTomorrow\xff",
];

const STATUSES: [Status; 6] =
    [Status::OK, Status::FAILED, Status::BAD_HANDLE, Status::MEMORY, Status::UNKNOWN, Status::REPLY_DEFAULT];

pub(super) const NUMBERS: [f64; 9] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1e308, -1e308, 0.0, -1.0, 2_147_483_648.0];

const WHOLES: [i32; 6] = [i32::MIN, i32::MAX, -1, 0, 9999, 1 << 24];

/// Properties that say where an image's pixels lie. A wrong number in one of them is a lie about memory, which no
/// plug-in can see through; [`ImageLie`] tells those that it can.
const OF_MEMORY: [&CStr; 3] = [sys::kOfxImagePropBounds, sys::kOfxImagePropRowBytes, sys::kOfxImagePropData];

impl Sequence {
    /// The sequence of a seed, for a plug-in of which `cast` is known.
    pub fn random(seed: u64, cast: &Cast) -> Self {
        let mut dice = Dice::new(seed);
        let faults = match dice.below(8) {
            0 => 0,
            1..=5 => 1,
            6 => 2,
            _ => 4,
        };
        let faults = (0..faults).map(|_| fault(&mut dice, cast)).collect();
        // Most lives begin as they should, or little would ever be reached.
        let begins = if dice.once_in(8) { vec![] } else { vec![Step::Create(0)] };
        let count = 1 + dice.below(5);
        let steps = begins.into_iter().chain((0..count).map(|_| step(&mut dice, cast, true))).collect();
        Self { seed, faults, steps }
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|fault| writeln!(f, "fault {fault:?}"))?;
        self.steps.iter().try_for_each(|step| writeln!(f, "step  {step:?}"))
    }
}

impl Sequence {
    /// Whether every handle that the host gives is good while it is in use, one call at a time: then a plug-in has no
    /// excuse for using a bad one.
    pub(super) fn gives_good_handles(&self) -> bool {
        let nested = self.faults.iter().filter_map(|fault| match fault {
            Fault::Reenter(_, step) => Some(&**step),
            _ => None,
        });
        self.steps.iter().chain(nested).all(|step| match step {
            Step::AtOnce(_) => false,
            Step::Act(_, _, in_args, out_args, _) => (*in_args, *out_args) == (Given::Proper, Given::Proper),
            Step::DescribeIn(_, args) => *args == Given::Proper,
            Step::View(glance) => glance.has_good_handles(),
            Step::Plain(_, who) => matches!(who, Who::Null | Who::Live(_)),
            _ => true,
        })
    }

    /// Whether the host may have kept the plug-in from giving something back.
    pub(super) fn may_leak(&self) -> bool {
        self.faults.iter().any(|fault| match fault {
            Fault::Suite(..) | Fault::CallOnce(..) => true,
            Fault::Call(name, _) => ["clipReleaseImage", "memoryFree"].contains(&name.as_str()),
            _ => false,
        })
    }
}

fn fault(dice: &mut Dice, cast: &Cast) -> Fault {
    match dice.below(12) {
        0 => {
            let (name, version) = dice.pick(&cast.suites);
            let without = SuiteLie::Without(dice.below(18));
            Fault::Suite(name, version, dice.pick(&[SuiteLie::Absent, SuiteLie::Hollow, without, without]))
        }
        1 | 2 => property(dice, cast),
        3 => Fault::Call(dice.pick(&cast.functions), dice.pick(&STATUSES)),
        4 => Fault::CallOnce(dice.below(160) as u64, dice.pick(&STATUSES)),
        5 => Fault::AbortAt(dice.below(12) as u64),
        6 | 7 => Fault::Reenter(dice.below(160) as u64, Box::new(step(dice, cast, false))),
        8 | 9 => Fault::Image(dice.pick(&["Source", "Output"]).to_owned(), image(dice)),
        10 => match dice.below(2) {
            0 => Fault::Text(dice.pick(&[TextLie::Null, TextLie::Foreign])),
            _ => Fault::OnlyThisFrame,
        },
        _ => {
            let mut edge = || dice.pick(&NUMBERS);
            Fault::Region(RectD::new(edge(), edge(), edge(), edge()))
        }
    }
}

fn property(dice: &mut Dice, cast: &Cast) -> Fault {
    let name = dice.pick(&cast.properties);
    let lie = match dice.below(if OF_MEMORY.contains(&name.as_c_str()) { 3 } else { 7 }) {
        0 => PropertyLie::Gone,
        1 => PropertyLie::WrongType,
        2 => PropertyLie::Unwritten,
        3 => PropertyLie::Longer(dice.pick(&[1, 3, i32::MAX as usize])),
        4 => PropertyLie::ForeignText,
        5 => PropertyLie::Int(dice.pick(&WHOLES)),
        _ => PropertyLie::Double(dice.pick(&NUMBERS)),
    };
    Fault::Property(name, lie)
}

fn image(dice: &mut Dice) -> ImageLie {
    let by = [-1000, -3, 1, i32::MAX, i32::MIN];
    let elsewhere = ImageLie::Elsewhere(dice.pick(&by), dice.pick(&by));
    dice.pick(&[
        ImageLie::NullData,
        ImageLie::ShortRows,
        ImageLie::NoRows,
        ImageLie::Empty,
        ImageLie::Inverted,
        ImageLie::Huge,
        ImageLie::Endless,
        elsewhere,
        ImageLie::FloatLabel,
        ImageLie::NoLabels,
        ImageLie::Scale(7.0),
    ])
}

fn step(dice: &mut Dice, cast: &Cast, may_fork: bool) -> Step {
    // Nothing is thrown for a plug-in without an overlay, so that its seeds stay what they were.
    if cast.overlay && dice.once_in(2) {
        return Step::View(Glance::random(dice));
    }
    match dice.below(24) {
        0 => Step::SetHost(dice.pick(&[HostGiven::Same, HostGiven::Older, HostGiven::Null])),
        1 => Step::Plain(sys::kOfxActionLoad, Who::Null),
        2 => Step::Plain(sys::kOfxActionUnload, dice.pick(&[Who::Null, Who::Foreign])),
        3 if dice.once_in(3) => Step::Plain(sys::kOfxActionDescribe, who(dice)),
        4 if dice.once_in(6) => Step::DescribeIn(dice.below(7), given(dice)),
        5 => Step::Create(dice.below(MOST_INSTANCES)),
        6 => Step::Destroy(who(dice)),
        7 | 8 => Step::SetParam(dice.below(MOST_INSTANCES), dice.below(cast.params.len()), odd(dice)),
        9 | 10 => Step::Connect(
            0,
            dice.pick(Components::ALL),
            dice.pick(Depth::ALL),
            dice.pick(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX, -1.0, 0.0, 0.5]),
        ),
        11 if may_fork && dice.once_in(2) => {
            let together = 2 + dice.below(2);
            Step::AtOnce((0..together).map(|_| step(dice, cast, false)).collect())
        }
        12..=17 => act(sys::kOfxImageEffectActionRender, dice, cast),
        18 | 19 => act(sys::kOfxActionInstanceChanged, dice, cast),
        _ => act(dice.pick(&ACTIONS), dice, cast),
    }
}

fn act(action: &'static CStr, dice: &mut Dice, cast: &Cast) -> Step {
    let (who, in_args) = (who(dice), given(dice));
    Step::Act(action, who, in_args, given(dice), asked(dice, cast))
}

/// Mostly as it should be: else the first check would be all that is ever reached.
pub(super) fn who(dice: &mut Dice) -> Who {
    match dice.below(16) {
        0 => Who::Null,
        1 => Who::Stale,
        2 => Who::Foreign,
        3 => Who::Live(1),
        _ => Who::Live(0),
    }
}

pub(super) fn given(dice: &mut Dice) -> Given {
    match dice.below(24) {
        0 => Given::Null,
        1 => Given::Stale,
        2 => Given::Foreign,
        _ => Given::Proper,
    }
}

fn odd(dice: &mut Dice) -> Odd {
    match dice.below(4) {
        0 => Odd::Number(dice.pick(&NUMBERS)),
        1 => Odd::Whole(dice.pick(&WHOLES)),
        2 => Odd::Whole(dice.below(6) as i32),
        _ => Odd::Text(dice.pick(&[0, 1, 3, 5000])),
    }
}

fn asked(dice: &mut Dice, cast: &Cast) -> Asked {
    let scale = |dice: &mut Dice| match dice.below(16) {
        0..=9 => 1.0,
        10 => dice.pick(&NUMBERS),
        _ => dice.pick(&[0.01, 0.125, 0.5, 4.0]),
    };
    let bounds = dice.pick(&[
        RectI::new(-2, 1, 5, 6),
        RectI::new(0, 0, 8, 8),
        RectI::new(3, -4, 4, -3),
        RectI::new(0, 0, 0, 0),
        RectI::new(i32::MAX - 4, i32::MIN, i32::MAX, i32::MIN + 3),
    ]);
    let window = match dice.below(8) {
        0..=3 => bounds,
        4 => RectI::new(bounds.x1.saturating_sub(9), bounds.y1, bounds.x2.saturating_add(7), bounds.y2),
        5 => RectI::new(bounds.x2, bounds.y2, bounds.x1, bounds.y1),
        6 => RectI::new(i32::MIN, i32::MIN, i32::MAX, i32::MAX),
        _ => RectI::new(-1_000_000, 2, 40_000, 3),
    };
    Asked {
        time: if dice.once_in(8) { dice.pick(&NUMBERS) } else { 1.0 + dice.below(3) as f64 / 2.0 },
        scale: if dice.once_in(2) { [1.0; 2] } else { [scale(dice), scale(dice)] },
        window,
        bounds,
        field: dice.pick(&[Field::None, Field::None, Field::Both, Field::Lower, Field::Upper]),
        planes: (0..dice.below(3)).map(|_| dice.below(cast.planes.len())).collect(),
        param: dice.below(cast.params.len() + 1),
    }
}
