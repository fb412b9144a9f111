#include "instance.h"

#include "host.h"
#include "watch.h"

namespace official {

Clip &Instance::clip(const std::string &name) {
    Clip *found = dynamic_cast<Clip *>(getClip(name));
    if (!found) throw Refused("there is no clip " + name);
    return *found;
}

Adjustable &Instance::parameter(const std::string &name) {
    Adjustable *found = dynamic_cast<Adjustable *>(getParam(name));
    if (!found) throw Refused("there is no parameter " + name + " with a value");
    return *found;
}

void Instance::tellChanged(const std::string &name, bool isClip) {
    const OfxPointD scale = {1, 1};
    beginInstanceChangedAction(kOfxChangeUserEdited);
    const OfxStatus status = isClip ? clipInstanceChangedAction(name, kOfxChangeUserEdited, currentTime, scale)
                                    : paramInstanceChangedAction(name, kOfxChangeUserEdited, currentTime, scale);
    endInstanceChangedAction(kOfxChangeUserEdited);
    if (status != kOfxStatOK && status != kOfxStatReplyDefault)
        throw Refused("instanceChanged of " + name + " answered " + statusName(status));
    if (areClipPrefsDirty() && !getClipPreferences()) throw Refused("getClipPreferences failed");
}

OfxStatus Instance::mainEntry(const char *action, const void *handle, OFX::Host::Property::Set *in,
                              OFX::Host::Property::Set *out) {
    const std::string outer = currentAction;
    currentAction = action;
    const OfxStatus status = effects::Instance::mainEntry(action, handle, in, out);
    currentAction = outer;
    return status;
}

const std::string &Instance::getDefaultOutputFielding() const {
    static const std::string field(kOfxImageFieldNone);
    return field;
}

OfxStatus Instance::vmessage(const char *type, const char *, const char *format, va_list arguments) {
    keepMessage(formatted(type, format, arguments));
    return kOfxStatOK;
}

OfxStatus Instance::setPersistentMessage(const char *type, const char *, const char *format, va_list arguments) {
    keepMessage(formatted(type, format, arguments));
    return kOfxStatOK;
}

}
