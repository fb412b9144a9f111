#include "host.h"

#include "watch.h"

#include <cstdio>

namespace official {

Host::Host() {
    auto &set = _properties;
    set.setIntProperty(kOfxPropAPIVersion, 1, 0);
    set.setIntProperty(kOfxPropAPIVersion, 4, 1);
    set.setStringProperty(kOfxPropName, "net.sf.openfx.HostSupport");
    set.setStringProperty(kOfxPropLabel, "HostSupport, driven by Rotocel's tests");
    set.setIntProperty(kOfxPropVersion, 1, 0);
    set.setStringProperty(kOfxPropVersionLabel, "1.0");
    set.setIntProperty(kOfxImageEffectHostPropIsBackground, 1);
    set.setIntProperty(kOfxImageEffectPropSupportsOverlays, 0);
    set.setIntProperty(kOfxImageEffectPropSupportsMultiResolution, 1);
    set.setIntProperty(kOfxImageEffectPropSupportsTiles, 1);
    set.setIntProperty(kOfxImageEffectPropTemporalClipAccess, 1);
    set.setStringProperty(kOfxImageEffectPropSupportedComponents, kOfxImageComponentRGBA, 0);
    set.setStringProperty(kOfxImageEffectPropSupportedComponents, kOfxImageComponentAlpha, 1);
    set.setStringProperty(kOfxImageEffectPropSupportedPixelDepths, kOfxBitDepthFloat, 0);
    set.setStringProperty(kOfxImageEffectPropSupportedContexts, kOfxImageEffectContextGenerator, 0);
    set.setStringProperty(kOfxImageEffectPropSupportedContexts, kOfxImageEffectContextFilter, 1);
    set.setStringProperty(kOfxImageEffectPropSupportedContexts, kOfxImageEffectContextGeneral, 2);
    set.setStringProperty(kOfxImageEffectPropSupportedContexts, kOfxImageEffectContextTransition, 3);
    set.setIntProperty(kOfxImageEffectPropSupportsMultipleClipDepths, 0);
    set.setIntProperty(kOfxImageEffectPropSupportsMultipleClipPARs, 0);
    set.setIntProperty(kOfxParamHostPropSupportsStringAnimation, 0);
    set.setIntProperty(kOfxParamHostPropSupportsChoiceAnimation, 1);
    set.setIntProperty(kOfxParamHostPropSupportsBooleanAnimation, 1);
    set.setIntProperty(kOfxParamHostPropMaxParameters, -1);
}

std::string formatted(const char *type, const char *format, va_list arguments) {
    char text[4096];
    vsnprintf(text, sizeof text, format, arguments);
    return std::string(type) + ": " + text;
}

OfxStatus Host::vmessage(const char *type, const char *, const char *format, va_list arguments) {
    keepMessage(formatted(type, format, arguments));
    return kOfxStatOK;
}

OfxStatus Host::setPersistentMessage(const char *type, const char *id, const char *format, va_list arguments) {
    return vmessage(type, id, format, arguments);
}

}
