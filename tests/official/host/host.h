// The host as plug-ins see it: HostSupport's, with float images and two threads.
#ifndef HOST_H
#define HOST_H

#include "instance.h"
#include "official.h"

#include <cstdarg>

namespace official {

/// A message of a plug-in, put together the way most hosts do it.
std::string formatted(const char *type, const char *format, va_list arguments);

class Host : public effects::Host {
public:
    Host();

    /// The project that the next instance lives in.
    Project project;

    effects::Instance *newInstance(void *, effects::ImageEffectPlugin *plugin, effects::Descriptor &descriptor,
                                   const std::string &context) override {
        return new Instance(plugin, descriptor, context, project);
    }

    effects::Descriptor *makeDescriptor(effects::ImageEffectPlugin *plugin) override {
        return new effects::Descriptor(plugin);
    }
    effects::Descriptor *makeDescriptor(const effects::Descriptor &root, effects::ImageEffectPlugin *plugin) override {
        return new effects::Descriptor(root, plugin);
    }
    effects::Descriptor *makeDescriptor(const std::string &bundle, effects::ImageEffectPlugin *plugin) override {
        return new effects::Descriptor(bundle, plugin);
    }

    OfxStatus vmessage(const char *type, const char *id, const char *format, va_list arguments) override;
    OfxStatus setPersistentMessage(const char *type, const char *id, const char *format, va_list arguments) override;
    OfxStatus clearPersistentMessage() override { return kOfxStatOK; }

    OfxStatus multiThread(OfxThreadFunctionV1 work, unsigned int count, void *argument) override;
    OfxStatus multiThreadNumCPUS(unsigned int *count) const override;
    OfxStatus multiThreadIndex(unsigned int *index) const override;
    int multiThreadIsSpawnedThread() const override;
    OfxStatus mutexCreate(OfxMutexHandle *mutex, int lockCount) override;
    OfxStatus mutexDestroy(const OfxMutexHandle mutex) override;
    OfxStatus mutexLock(const OfxMutexHandle mutex) override;
    OfxStatus mutexUnLock(const OfxMutexHandle mutex) override;
    OfxStatus mutexTryLock(const OfxMutexHandle mutex) override;
};

}

#endif
