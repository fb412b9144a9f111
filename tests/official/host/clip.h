// Clips of float pictures, which the test puts there frame by frame.
#ifndef CLIP_H
#define CLIP_H

#include "official.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace official {

/// Float RGBA, lowest row first.
struct Picture {
    OfxRectI bounds;
    std::vector<float> rgba;
};

/// Bytes that a plug-in writes to, between bytes that it must not touch.
class Canvas {
public:
    /// `mislabelled`: rows are as long as bytes would be, though the image will say that it holds floats.
    Canvas(const OfxRectI &bounds, size_t components, bool mislabelled);

    const OfxRectI bounds;
    const int rowBytes;
    void *data() { return bytes_.data() + GUARD; }
    /// Whether a byte beside the rows was written.
    bool overrun() const;
    /// What was drawn, as RGBA.
    std::vector<float> rgba() const;

private:
    static const size_t GUARD = 4096;
    size_t components_, used_;
    std::vector<unsigned char> bytes_;
};

/// What one render may fetch; a thread that renders points to its own.
struct Rendering {
    Canvas *canvas = nullptr;
    OfxRectI whole;
    /// The part of each input that the plug-in asked for, canonical.
    std::map<std::string, OfxRectD> regions;
};
extern thread_local const Rendering *rendering;

class Clip : public effects::ClipInstance {
public:
    Clip(effects::Instance *effect, effects::ClipDescriptor *descriptor);

    std::map<double, Picture> frames;
    std::string premultiplication;
    bool mislabelled = false;

    const std::string &getUnmappedBitDepth() const override;
    const std::string &getUnmappedComponents() const override;
    const std::string &getPremult() const override { return premultiplication; }
    double getAspectRatio() const override { return 1; }
    double getFrameRate() const override { return 24; }
    void getFrameRange(double &first, double &last) const override;
    const std::string &getFieldOrder() const override;
    bool getConnected() const override { return isOutput() || !frames.empty(); }
    double getUnmappedFrameRate() const override { return 24; }
    void getUnmappedFrameRange(double &first, double &last) const override { getFrameRange(first, last); }
    bool getContinuousSamples() const override { return false; }
    OfxRectD getRegionOfDefinition(OfxTime time) const override;
    effects::Image *getImage(OfxTime time, const OfxRectD *part) override;

    /// How many components a pixel of this clip has by the clip preferences.
    size_t componentCount() const;

private:
    const Picture *frameAt(double time) const;
    effects::Image *output();
};

}

#endif
