//! The trait that a node implements.

use super::{
    args::{ChangedArgs, CreatedArgs, EditArgs, QueryArgs, RenderArgs, SequenceArgs},
    clips::{ClipComponents, ClipPreferences, FramesNeeded, Identity, RegionsOfInterest},
    descriptor::Descriptor,
    host_info::Host,
    kinds::Declaration,
    overlay::OverlayEntry,
    settings::Settings,
};
use crate::{FrameRange, RectD, RectI, Result};

/// A node. One value of the type is one node in the artist's project.
///
/// Only [`create`](Self::create) and [`render`](Self::render) must be written. Hosts call every method from any
/// thread, several at once, and again while one runs (setting a parameter in [`changed`](Self::changed) calls
/// `changed` again), so state needs locks of its own, and none may be held while the host is called.
///
/// An error is reported to the artist with its message, except [`Error::Aborted`](crate::Error::Aborted), which means
/// that the host asked to stop; both answer the host with a failure, so that a half-made picture is never kept. A
/// panic is caught and reported likewise.
pub trait Effect: Sized + Send + Sync + 'static {
    /// The node's parameters, from [`settings!`](crate::settings).
    type Settings: Settings;

    /// What the node is.
    const DESCRIPTOR: Descriptor;

    /// What the node draws over the picture, if anything: `Some(OverlayEntry::of::<TheOverlay>())`.
    const OVERLAY: Option<OverlayEntry<Self>> = None;

    /// The node's parameters as a host is told them: the place for a default that depends on the host.
    fn declarations(_host: &Host) -> Vec<Declaration> {
        Self::Settings::declarations()
    }

    /// Sets up what all nodes of this type share. Hosts may call it for every frame: keep it cheap, and open files on
    /// the first render instead. An error is logged, and the node loads all the same.
    #[doc(alias = "kOfxActionLoad")]
    fn load(_host: &Host) -> Result<()> {
        Ok(())
    }

    /// Frees what all nodes of this type share. Loading may follow.
    #[doc(alias = "kOfxActionUnload")]
    fn unload() {}

    /// Makes a node. Parameters can be read and shown or hidden in [`created`](Self::created).
    #[doc(alias = "kOfxActionCreateInstance")]
    fn create(host: &Host) -> Result<Self>;

    /// The end of creation: the place to show, hide, enable and disable parameters. Values may not be set here; Nuke
    /// crashes. An error is logged, and the node is created all the same.
    fn created(&self, _args: &CreatedArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// Fills [`RenderArgs::window`] of the output.
    ///
    /// Long work should ask [`aborted`](super::Instance::aborted) now and then, and return
    /// [`Error::Aborted`](crate::Error::Aborted).
    #[doc(alias = "kOfxImageEffectActionRender")]
    fn render(&self, args: &RenderArgs<'_, Self>) -> Result<()>;

    /// Names the clip and time that the output equals over `window`, where no pixel would change.
    #[doc(alias = "kOfxImageEffectActionIsIdentity")]
    fn identity(&self, _args: &QueryArgs<'_, Self>, _window: RectI) -> Result<Option<Identity>> {
        Ok(None)
    }

    /// The area that the output covers. `None` leaves it to the host: what the inputs cover.
    #[doc(alias = "kOfxImageEffectActionGetRegionOfDefinition")]
    fn region_of_definition(&self, _args: &QueryArgs<'_, Self>) -> Result<Option<RectD>> {
        Ok(None)
    }

    /// The area needed of each input to render `region`, in canonical coordinates. Clips left out need `region`
    /// itself.
    #[doc(alias = "kOfxImageEffectActionGetRegionsOfInterest")]
    fn regions_of_interest(&self, _args: &QueryArgs<'_, Self>, _region: RectD) -> Result<RegionsOfInterest> {
        Ok(RegionsOfInterest::default())
    }

    /// The frames needed of each input. Clips left out need the current one.
    #[doc(alias = "kOfxImageEffectActionGetFramesNeeded")]
    fn frames_needed(&self, _args: &QueryArgs<'_, Self>) -> Result<FramesNeeded> {
        Ok(FramesNeeded::default())
    }

    /// The frames over which the node makes pictures. `None` leaves it to the host: those of the inputs.
    #[doc(alias = "kOfxImageEffectActionGetTimeDomain")]
    fn time_domain(&self, _args: &EditArgs<'_, Self>) -> Result<Option<FrameRange>> {
        Ok(None)
    }

    /// What pictures the node wants on its clips, and makes. Asked when it is created, when a clip changes and when a
    /// parameter of [`Descriptor::preference_params`] changes.
    #[doc(alias = "kOfxImageEffectActionGetClipPreferences")]
    fn clip_preferences(&self, _args: &EditArgs<'_, Self>) -> Result<ClipPreferences> {
        Ok(ClipPreferences::default())
    }

    /// The planes that the node reads from its inputs and makes on its output. Asked only where
    /// [`Descriptor::planes`] is set and the host knows planes.
    fn clip_components(&self, _args: &QueryArgs<'_, Self>) -> Result<ClipComponents> {
        Ok(ClipComponents::default())
    }

    /// A range of frames is about to be rendered.
    #[doc(alias = "kOfxImageEffectActionBeginSequenceRender")]
    fn begin_sequence(&self, _args: &SequenceArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// A range of frames has been rendered.
    #[doc(alias = "kOfxImageEffectActionEndSequenceRender")]
    fn end_sequence(&self, _args: &SequenceArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// A parameter or clip changed, or a button was pressed. Parameters may be set here, and in the events of an
    /// [overlay](super::overlay), and nowhere else; each set may
    /// call `changed` again, with [`ChangeReason::PluginEdited`](super::ChangeReason::PluginEdited), before it returns.
    #[doc(alias = "kOfxActionInstanceChanged")]
    fn changed(&self, _args: &ChangedArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// A series of changes begins.
    #[doc(alias = "kOfxActionBeginInstanceChanged")]
    fn begin_changes(&self, _args: &EditArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// A series of changes is over.
    #[doc(alias = "kOfxActionEndInstanceChanged")]
    fn end_changes(&self, _args: &EditArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// The project is about to be saved or copied: state that lives in the node must go into its parameters.
    #[doc(alias = "kOfxActionSyncPrivateData")]
    fn sync_private_data(&self, _args: &ChangedArgs<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// Memory is short: free whatever can be made again.
    #[doc(alias = "kOfxActionPurgeCaches")]
    fn purge_caches(&self) {}
}
