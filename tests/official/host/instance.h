// One instance of an effect, in a project of the test's.
#ifndef INSTANCE_H
#define INSTANCE_H

#include "clip.h"
#include "official.h"
#include "params.h"

namespace official {

struct Project {
    double width = 1920, height = 1080, first = 1, last = 1;
};

class Instance : public effects::Instance {
public:
    Instance(effects::ImageEffectPlugin *plugin, effects::Descriptor &descriptor, const std::string &context,
             const Project &project)
        : effects::Instance(plugin, descriptor, context, false), project(project) {}

    const Project project;

    Clip &clip(const std::string &name);
    Adjustable &parameter(const std::string &name);
    /// Tells the plug-in that the artist changed a parameter or a clip, as one change.
    void tellChanged(const std::string &name, bool isClip);

    OfxStatus mainEntry(const char *action, const void *handle, OFX::Host::Property::Set *in,
                        OFX::Host::Property::Set *out) override;

    effects::ClipInstance *newClipInstance(effects::Instance *, effects::ClipDescriptor *descriptor, int) override {
        return new Clip(this, descriptor);
    }
    params::Instance *newParam(const std::string &, params::Descriptor &descriptor) override {
        return newParameter(descriptor, this);
    }

    const std::string &getDefaultOutputFielding() const override;
    OfxStatus vmessage(const char *type, const char *id, const char *format, va_list arguments) override;
    OfxStatus setPersistentMessage(const char *type, const char *id, const char *format, va_list arguments) override;
    OfxStatus clearPersistentMessage() override { return kOfxStatOK; }

    void getProjectSize(double &x, double &y) const override { x = project.width, y = project.height; }
    void getProjectOffset(double &x, double &y) const override { x = y = 0; }
    void getProjectExtent(double &x, double &y) const override { x = project.width, y = project.height; }
    double getProjectPixelAspectRatio() const override { return 1; }
    double getEffectDuration() const override { return project.last - project.first + 1; }
    double getFrameRate() const override { return 24; }
    double getFrameRecursive() const override { return currentTime; }
    void getRenderScaleRecursive(double &x, double &y) const override { x = y = 1; }

    OfxStatus editBegin(const std::string &) override { return kOfxStatOK; }
    OfxStatus editEnd() override { return kOfxStatOK; }

    void progressStart(const std::string &, const std::string &) override {}
    void progressEnd() override {}
    bool progressUpdate(double) override { return true; }

    double timeLineGetTime() override { return currentTime; }
    void timeLineGotoTime(double time) override { currentTime = time; }
    void timeLineGetBounds(double &first, double &last) override { first = project.first, last = project.last; }
};

}

#endif
