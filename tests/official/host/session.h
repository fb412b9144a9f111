// One run of the driver: the loaded plug-ins, one instance, and the threads that render.
#ifndef SESSION_H
#define SESSION_H

#include "host.h"
#include "threads.h"
#include "wire.h"

#include <memory>

namespace official {

class Session {
public:
    ~Session();

    // What the test may ask; the words after a command's name are its arguments.
    void load(const Words &arguments);
    void plugins(const Words &arguments);
    void describe(const Words &arguments);
    void create(const Words &arguments);
    void frame(const Words &arguments);
    void mislabel(const Words &arguments);
    void set(const Words &arguments);
    void key(const Words &arguments);
    void press(const Words &arguments);
    void get(const Words &arguments);
    void preferences(const Words &arguments);
    void queries(const Words &arguments);
    void render(const Words &arguments);
    void watched(const Words &arguments);
    void destroy(const Words &arguments);
    void unload(const Words &arguments);
    void endThreads(const Words &arguments);
    void mapped(const Words &arguments);

private:
    Instance &instance();
    effects::ImageEffectPlugin &plugin(const std::string &identifier);
    void renderFrame(double time, const OfxRectI &window, const std::string &file);

    Host host_;
    std::unique_ptr<effects::PluginCache> effects_;
    std::unique_ptr<effects::Instance> instance_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}

#endif
