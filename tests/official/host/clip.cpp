#include "clip.h"

#include "instance.h"
#include "watch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace official {

thread_local const Rendering *rendering = nullptr;

static const unsigned char CANARY = 0xA5;

static int width(const OfxRectI &rect) { return std::max(0, rect.x2 - rect.x1); }
static int height(const OfxRectI &rect) { return std::max(0, rect.y2 - rect.y1); }

/// Which of red, green, blue, alpha a pixel of so many components holds.
static const int *channels(size_t components) {
    static const int color[] = {0, 1, 2, 3}, alpha[] = {3};
    return components == 1 ? alpha : color;
}

Canvas::Canvas(const OfxRectI &where, size_t components, bool mislabelled)
    : bounds(where), rowBytes(int(width(where) * components * (mislabelled ? 1 : sizeof(float)))),
      components_(components), used_(size_t(rowBytes) * height(where)),
      // Room for what a plug-in writes that believes the label: the test is to fail, not to crash.
      bytes_(2 * GUARD + size_t(width(where)) * height(where) * components * sizeof(float), CANARY) {}

bool Canvas::overrun() const {
    const auto untouched = [](unsigned char byte) { return byte == CANARY; };
    return !std::all_of(bytes_.begin(), bytes_.begin() + GUARD, untouched) ||
           !std::all_of(bytes_.begin() + GUARD + used_, bytes_.end(), untouched);
}

std::vector<float> Canvas::rgba() const {
    const size_t pixels = size_t(width(bounds)) * height(bounds);
    std::vector<float> drawn(pixels * components_), all(pixels * 4, 1.0f);
    memcpy(drawn.data(), bytes_.data() + GUARD, std::min(used_, drawn.size() * sizeof(float)));
    for (size_t pixel = 0; pixel < pixels; ++pixel)
        for (size_t c = 0; c < components_; ++c)
            all[pixel * 4 + channels(components_)[c]] = drawn[pixel * components_ + c];
    return all;
}

/// An image over memory of ours; it counts itself, so that one that is not released shows.
class FloatImage : public effects::Image {
public:
    FloatImage(Clip &clip, const OfxRectI &bounds, const OfxRectI &whole, int rowBytes, void *data) : Image(clip) {
        ++imagesAlive;
        // As HostSupport's demo host: no unique identifier, and scale 1.
        setDoubleProperty(kOfxImageEffectPropRenderScale, 1, 0);
        setDoubleProperty(kOfxImageEffectPropRenderScale, 1, 1);
        setIntPropertyN(kOfxImagePropBounds, &bounds.x1, 4);
        setIntPropertyN(kOfxImagePropRegionOfDefinition, &whole.x1, 4);
        setIntProperty(kOfxImagePropRowBytes, rowBytes);
        setStringProperty(kOfxImagePropField, kOfxImageFieldNone);
        setPointerProperty(kOfxImagePropData, data);
    }
    ~FloatImage() override { --imagesAlive; }
};

/// An input image holds its own copy, so that a plug-in that writes into it harms nobody.
struct Copied {
    std::vector<float> floats;
};
class InputImage : private Copied, public FloatImage {
public:
    InputImage(Clip &clip, const OfxRectI &bounds, const OfxRectI &whole, int rowBytes, std::vector<float> floats)
        : Copied{std::move(floats)}, FloatImage(clip, bounds, whole, rowBytes, Copied::floats.data()) {}
};

Clip::Clip(effects::Instance *effect, effects::ClipDescriptor *descriptor)
    : ClipInstance(effect, *descriptor), premultiplication(kOfxImageOpaque) {}

const std::string &Clip::getUnmappedBitDepth() const {
    static const std::string depth(kOfxBitDepthFloat), none(kOfxBitDepthNone);
    return getConnected() ? depth : none;
}

const std::string &Clip::getUnmappedComponents() const {
    static const std::string components(kOfxImageComponentRGBA), none(kOfxImageComponentNone);
    return getConnected() ? components : none;
}

const std::string &Clip::getFieldOrder() const {
    static const std::string field(kOfxImageFieldNone);
    return field;
}

void Clip::getFrameRange(double &first, double &last) const {
    const Project &project = static_cast<Instance *>(_effectInstance)->project;
    first = frames.empty() ? project.first : frames.begin()->first;
    last = frames.empty() ? project.last : frames.rbegin()->first;
}

size_t Clip::componentCount() const {
    return getComponents() == kOfxImageComponentAlpha ? 1 : getComponents() == kOfxImageComponentRGB ? 3 : 4;
}

/// The frame at this time; a clip holds its first and last.
const Picture *Clip::frameAt(double time) const {
    if (frames.empty()) return nullptr;
    auto after = frames.upper_bound(time + 1e-6);
    return &(after == frames.begin() ? after : std::prev(after))->second;
}

OfxRectD Clip::getRegionOfDefinition(OfxTime time) const {
    if (isOutput()) {
        OfxRectD region = {0, 0, 0, 0};
        _effectInstance->getRegionOfDefinitionAction(time, {1, 1}, region);
        return region;
    }
    const Picture *frame = frameAt(time);
    if (!frame) return {0, 0, 0, 0};
    const OfxRectI &b = frame->bounds;
    return {double(b.x1), double(b.y1), double(b.x2), double(b.y2)};
}

/// The part of a frame that the plug-in asked for in its regions of interest: a host need not give it more.
static OfxRectI partOf(const OfxRectI &whole, const OfxRectD *region) {
    if (!region) return whole;
    OfxRectI part = whole;
    part.x1 = std::max(whole.x1, int(std::floor(std::max(region->x1, double(whole.x1)))));
    part.y1 = std::max(whole.y1, int(std::floor(std::max(region->y1, double(whole.y1)))));
    part.x2 = std::min(whole.x2, int(std::ceil(std::min(region->x2, double(whole.x2)))));
    part.y2 = std::min(whole.y2, int(std::ceil(std::min(region->y2, double(whole.y2)))));
    return part;
}

effects::Image *Clip::getImage(OfxTime time, const OfxRectD *asked) {
    if (getPixelDepth() != kOfxBitDepthFloat) {
        violation("clip " + getName() + " is " + getPixelDepth() + " by the clip preferences; this host has floats");
        return nullptr;
    }
    if (isOutput()) return output();
    const Picture *frame = frameAt(time);
    if (!frame) return nullptr;
    const OfxRectD *region = asked;
    if (!region && rendering) {
        const auto found = rendering->regions.find(getName());
        if (found != rendering->regions.end()) region = &found->second;
    }
    const OfxRectI part = partOf(frame->bounds, region);
    const size_t components = componentCount(), wide = size_t(width(frame->bounds));
    // A mislabelled clip has the rows of bytes; what is in them does not matter, but all that it says must be readable.
    std::vector<float> floats(std::max<size_t>(1, size_t(width(part)) * height(part) * components));
    size_t next = 0;
    for (int y = part.y1; y < part.y2; ++y)
        for (int x = part.x1; x < part.x2; ++x)
            for (size_t c = 0; c < components; ++c)
                floats[next++] = frame->rgba[(size_t(y - frame->bounds.y1) * wide + size_t(x - frame->bounds.x1)) * 4 +
                                             channels(components)[c]];
    const int rowBytes = int(width(part) * components * (mislabelled ? 1 : sizeof(float)));
    return new InputImage(*this, part, frame->bounds, rowBytes, std::move(floats));
}

effects::Image *Clip::output() {
    if (!rendering || !rendering->canvas) {
        violation("the Output image was fetched in " + currentAction);
        return nullptr;
    }
    Canvas *canvas = rendering->canvas;
    return new FloatImage(*this, canvas->bounds, rendering->whole, canvas->rowBytes, canvas->data());
}

}
