#include "session.h"

#include "watch.h"

#include <dlfcn.h>
#include <fstream>

namespace official {

static const std::string &need(const Words &words, size_t n) {
    if (n >= words.size()) throw Refused("a word is missing");
    return words[n];
}

static OfxRectI rectangle(const Words &words, size_t from) {
    int corners[4];
    for (size_t n = 0; n < 4; ++n) corners[n] = int(number(need(words, from + n)));
    return {corners[0], corners[1], corners[2], corners[3]};
}

Session::~Session() { instance_.reset(); }

Instance &Session::instance() {
    if (!instance_) throw Refused("there is no instance");
    return static_cast<Instance &>(*instance_);
}

effects::ImageEffectPlugin &Session::plugin(const std::string &identifier) {
    if (!effects_) throw Refused("nothing is loaded");
    effects::ImageEffectPlugin *found = effects_->getPluginById(identifier);
    if (!found) throw Refused("there is no plug-in " + identifier);
    return *found;
}

/// Every bundle below a folder; each is loaded, described and unloaded once by that.
void Session::load(const Words &arguments) {
    effects_.reset(new effects::PluginCache(host_));
    OFX::Host::PluginCache *cache = OFX::Host::PluginCache::getPluginCache();
    effects_->registerInCache(*cache);
    cache->addFileToPath(need(arguments, 0));
    cache->scanPluginFiles();
}

void Session::plugins(const Words &) {
    if (!effects_) throw Refused("nothing is loaded");
    for (effects::ImageEffectPlugin *plugin : effects_->getPlugins()) row({plugin->getIdentifier()});
}

static Words values(const OFX::Host::Property::Set &set, const std::string &name) {
    Words words;
    OFX::Host::Property::Property *property = set.fetchProperty(name);
    const int count = property ? property->getDimension() : 0;
    for (int n = 0; n < count; ++n) {
        switch (property->getType()) {
        case OFX::Host::Property::eInt: words.push_back(std::to_string(set.getIntProperty(name, n))); break;
        case OFX::Host::Property::eDouble: words.push_back(text(set.getDoubleProperty(name, n))); break;
        case OFX::Host::Property::eString: words.push_back(set.getStringProperty(name, n)); break;
        default: break;
        }
    }
    return words;
}

static void propertyRow(const std::string &object, const OFX::Host::Property::Set &set, const std::string &name) {
    Words words = {object, name};
    for (const std::string &value : values(set, name)) words.push_back(value);
    row(words);
}

/// Rows of an object's name, a property's name, and its values.
void Session::describe(const Words &arguments) {
    effects::ImageEffectPlugin &described = plugin(need(arguments, 0));
    effects::Descriptor *descriptor = described.getContext(need(arguments, 1));
    if (!descriptor) throw Refused(described.getIdentifier() + " does not describe itself in this context");
    for (const std::string &context : described.getContexts()) row({"", "context", context});
    for (const char *name : {kOfxPropLabel, kOfxImageEffectPluginPropGrouping})
        propertyRow("", descriptor->getProps(), name);
    for (effects::ClipDescriptor *clip : descriptor->getClipsByOrder()) {
        for (const char *name : {kOfxImageClipPropOptional, kOfxImageEffectPropSupportedComponents})
            propertyRow("clip " + clip->getName(), clip->getProps(), name);
    }
    for (params::Descriptor *param : descriptor->getParamList()) {
        for (const char *name : {kOfxParamPropType, kOfxPropLabel, kOfxParamPropHint, kOfxParamPropParent,
                                 kOfxParamPropSecret, kOfxParamPropAnimates, kOfxParamPropDefault,
                                 kOfxParamPropChoiceOption})
            propertyRow("param " + param->getName(), param->getProperties(), name);
    }
}

/// create IDENTIFIER CONTEXT WIDTH HEIGHT FIRST LAST
void Session::create(const Words &arguments) {
    instance_.reset();
    host_.project = {number(need(arguments, 2)), number(need(arguments, 3)), number(need(arguments, 4)),
                     number(need(arguments, 5))};
    currentTime = host_.project.first;
    instance_.reset(plugin(need(arguments, 0)).createInstance(need(arguments, 1), nullptr));
    if (!instance_) throw Refused("no instance in this context, or it has a parameter that this host does not know");
    const OfxStatus status = instance_->createInstanceAction();
    if (status != kOfxStatOK && status != kOfxStatReplyDefault) {
        instance_.reset();
        throw Refused("createInstance answered " + statusName(status));
    }
}

/// frame CLIP TIME X1 Y1 X2 Y2 FILE [PREMULTIPLICATION]: puts a picture there, and tells the plug-in.
void Session::frame(const Words &arguments) {
    Clip &clip = instance().clip(need(arguments, 0));
    Picture picture{rectangle(arguments, 2), {}};
    const OfxRectI &b = picture.bounds;
    picture.rgba.resize(size_t(b.x2 - b.x1) * size_t(b.y2 - b.y1) * 4);
    std::ifstream file(need(arguments, 6), std::ios::binary);
    if (!file.read(reinterpret_cast<char *>(picture.rgba.data()), std::streamsize(picture.rgba.size() * sizeof(float))))
        throw Refused(arguments[6] + " does not hold so many floats");
    if (arguments.size() > 7) clip.premultiplication = arguments[7];
    clip.frames[number(need(arguments, 1))] = std::move(picture);
    instance().tellChanged(arguments[0], true);
}

/// From now on the clip's images say float, and have the rows of bytes.
void Session::mislabel(const Words &arguments) { instance().clip(need(arguments, 0)).mislabelled = true; }

void Session::set(const Words &arguments) {
    const std::string &name = need(arguments, 0);
    instance().parameter(name).adjust(Words(arguments.begin() + 1, arguments.end()));
    instance().tellChanged(name, false);
}

/// key PARAMETER TIME VALUES…
void Session::key(const Words &arguments) {
    const std::string &name = need(arguments, 0);
    const double time = number(need(arguments, 1));
    instance().parameter(name).adjustAt(time, Words(arguments.begin() + 2, arguments.end()));
    instance().tellChanged(name, false);
}

void Session::press(const Words &arguments) { instance().tellChanged(need(arguments, 0), false); }

void Session::get(const Words &arguments) { row(instance().parameter(need(arguments, 0)).read(currentTime)); }

void Session::preferences(const Words &) {
    if (!instance().getClipPreferences()) throw Refused("getClipPreferences failed");
    row({"", instance().getOutputPreMultiplication(), instance().isFrameVarying() ? "varies" : "constant"});
    for (int n = 0; n < instance().getNClips(); ++n) {
        effects::ClipInstance *clip = instance().getNthClip(n);
        row({clip->getName(), clip->getPixelDepth(), clip->getComponents()});
    }
}

static Words corners(const std::string &name, const OfxRectD &rect) {
    return {name, text(rect.x1), text(rect.y1), text(rect.x2), text(rect.y2)};
}

static void checked(OfxStatus status, const std::string &action) {
    if (status != kOfxStatOK && status != kOfxStatReplyDefault)
        throw Refused(action + " answered " + statusName(status));
}

/// queries TIME X1 Y1 X2 Y2: what a host asks before it renders a part of the output.
void Session::queries(const Words &arguments) {
    const OfxTime time = number(need(arguments, 0));
    const OfxRectI part = rectangle(arguments, 1);
    const OfxPointD scale = {1, 1};
    OfxRectD region = {0, 0, 0, 0};
    checked(instance().getRegionOfDefinitionAction(time, scale, region), "getRegionOfDefinition");
    row(corners("definition", region));
    std::map<effects::ClipInstance *, OfxRectD> interest;
    const OfxRectD asked = {double(part.x1), double(part.y1), double(part.x2), double(part.y2)};
    checked(instance().getRegionOfInterestAction(time, scale, asked, interest), "getRegionsOfInterest");
    for (const auto &clip : interest) row(corners("interest " + clip.first->getName(), clip.second));
    effects::RangeMap needed;
    checked(instance().getFrameNeededAction(time, needed), "getFramesNeeded");
    for (const auto &clip : needed) {
        for (const OfxRangeD &range : clip.second)
            row({"needed " + clip.first->getName(), text(range.min), text(range.max)});
    }
    OfxTime identityTime = time;
    std::string identity;
    const OfxStatus status = instance().isIdentityAction(identityTime, kOfxImageFieldNone, part, scale, identity);
    checked(status, "isIdentity");
    row({"identity", status == kOfxStatOK ? identity : "", text(identityTime)});
}

/// render X1 Y1 X2 Y2 (TIME FILE)…: every frame on a thread of its own, all at once.
void Session::render(const Words &arguments) {
    const OfxRectI window = rectangle(arguments, 0);
    const size_t count = (arguments.size() - 4) / 2;
    if (count == 0) throw Refused("no frame to render");
    if (instance().areClipPrefsDirty() && !instance().getClipPreferences()) throw Refused("getClipPreferences failed");
    while (workers_.size() < count) workers_.emplace_back(new Worker);
    const double first = number(arguments[4]), last = number(arguments[4 + 2 * (count - 1)]);
    const OfxPointD scale = {1, 1};
    checked(instance().beginRenderAction(first, last, 1, false, scale, count == 1, false), "beginSequenceRender");
    for (size_t n = 0; n < count; ++n) {
        const double time = number(arguments[4 + 2 * n]);
        const std::string file = arguments[5 + 2 * n];
        workers_[n]->start([=] { renderFrame(time, window, file); });
    }
    std::string failed;
    for (size_t n = 0; n < count; ++n) {
        try {
            workers_[n]->wait();
        } catch (const std::exception &error) {
            failed = error.what();
        }
    }
    const OfxStatus ended = instance().endRenderAction(first, last, 1, false, scale, count == 1, false);
    if (imagesAlive != 0) violation(std::to_string(imagesAlive) + " images were not released");
    if (!failed.empty()) throw Refused(failed);
    checked(ended, "endSequenceRender");
}

void Session::renderFrame(double time, const OfxRectI &window, const std::string &file) {
    const OfxPointD scale = {1, 1};
    Clip &output = instance().clip(kOfxImageEffectOutputClipName);
    Rendering now;
    OfxRectD region = {0, 0, 0, 0};
    checked(instance().getRegionOfDefinitionAction(time, scale, region), "getRegionOfDefinition");
    now.whole = {int(region.x1), int(region.y1), int(region.x2), int(region.y2)};
    std::map<effects::ClipInstance *, OfxRectD> interest;
    const OfxRectD asked = {double(window.x1), double(window.y1), double(window.x2), double(window.y2)};
    checked(instance().getRegionOfInterestAction(time, scale, asked, interest), "getRegionsOfInterest");
    for (const auto &clip : interest) now.regions[clip.first->getName()] = clip.second;
    Canvas canvas(window, output.componentCount(), output.mislabelled);
    now.canvas = &canvas;
    rendering = &now;
    const OfxStatus status = instance().renderAction(time, kOfxImageFieldNone, window, scale, true, false, false);
    rendering = nullptr;
    if (canvas.overrun()) violation("render wrote beside the rows of the Output image");
    if (status != kOfxStatOK) throw Refused("render answered " + statusName(status));
    const std::vector<float> drawn = canvas.rgba();
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char *>(drawn.data()), std::streamsize(drawn.size() * sizeof(float)));
    if (!out) throw Refused("cannot write " + file);
}

/// Rows of "violation" or "message" and its text, since the last time.
void Session::watched(const Words &) {
    for (const std::string &what : takeViolations()) row({"violation", what});
    for (const std::string &what : takeMessages()) row({"message", what});
}

void Session::destroy(const Words &) { instance_.reset(); }

/// Closes every library, while the threads that called into them live on.
void Session::unload(const Words &) {
    instance_.reset();
    OFX::Host::PluginCache::clearPluginCache();
    effects_.reset();
}

/// Ends every thread that has called into a library; main ends the one that commands run on.
void Session::endThreads(const Words &) { workers_.clear(); }

/// mapped BINARY: whether its code is still in this process.
void Session::mapped(const Words &arguments) {
    void *library = dlopen(need(arguments, 0).c_str(), RTLD_NOLOAD | RTLD_LAZY);
    // Closing is also when the loader takes away what nobody holds any more.
    if (library) dlclose(library);
    library = dlopen(arguments[0].c_str(), RTLD_NOLOAD | RTLD_LAZY);
    if (library) dlclose(library);
    row({library ? "mapped" : "gone"});
}

}
