#include "params.h"

#include "values.h"
#include "watch.h"

#include <cstdarg>

namespace official {

double currentTime = 0;

/// Nuke crashes when a parameter is set anywhere else.
static void checkSetting(const std::string &name) {
    const bool allowed = currentAction == kOfxActionInstanceChanged || currentAction == kOfxActionBeginInstanceChanged ||
                         currentAction == kOfxActionEndInstanceChanged || currentAction == kOfxActionSyncPrivateData ||
                         currentAction == kOfxActionBeginInstanceEdit || currentAction == kOfxActionEndInstanceEdit;
    if (!allowed) violation("parameter " + name + " set in " + (currentAction.empty() ? "no action" : currentAction));
}

static double fromWord(const std::string &word, double *) { return number(word); }
static int fromWord(const std::string &word, int *) { return int(number(word)); }
static bool fromWord(const std::string &word, bool *) { return number(word) != 0; }

static double defaultOf(params::Base &param, int n, double *) {
    return param.getProperties().getDoubleProperty(kOfxParamPropDefault, n);
}
template <class T> static T defaultOf(params::Base &param, int n, T *) {
    return T(param.getProperties().getIntProperty(kOfxParamPropDefault, n));
}

/// `Base` with N numbers of type T, and keys.
template <class Base, class T, size_t N> class Valued : public Base, public Adjustable {
public:
    typedef typename Keyed<T, N>::Value Value;

    Valued(params::Descriptor &descriptor, params::SetInstance *set)
        : Base(descriptor, set), values_(initial(descriptor), descriptor.getType() != kOfxParamTypeChoice) {}

    void adjust(const Words &values) override { values_.set(parsed(values)); }
    void adjustAt(double time, const Words &values) override { values_.key(time, parsed(values)); }

    Words read(double time) const override {
        Words words;
        for (const T &value : values_.at(time)) words.push_back(text(double(value)));
        return words;
    }

    OfxStatus getNumKeys(unsigned int &count) const override {
        count = unsigned(values_.keys().size());
        return kOfxStatOK;
    }

    OfxStatus getKeyTime(int nth, OfxTime &time) const override {
        if (nth < 0 || size_t(nth) >= values_.keys().size()) return kOfxStatErrBadIndex;
        time = std::next(values_.keys().begin(), nth)->first;
        return kOfxStatOK;
    }

    OfxStatus getKeyIndex(OfxTime time, int direction, int &index) const override {
        const auto &keys = values_.keys();
        auto found = direction < 0 ? keys.lower_bound(time) : direction > 0 ? keys.upper_bound(time) : keys.find(time);
        if (direction < 0) found = found == keys.begin() ? keys.end() : std::prev(found);
        if (found == keys.end()) return kOfxStatFailed;
        index = int(std::distance(keys.begin(), found));
        return kOfxStatOK;
    }

    OfxStatus deleteKey(OfxTime time) override { return values_.remove(time) ? kOfxStatOK : kOfxStatErrBadIndex; }

    OfxStatus deleteAllKeys() override {
        values_.removeAll(currentTime);
        return kOfxStatOK;
    }

protected:
    Value at(double time) const { return values_.at(time); }

    OfxStatus setByPlugin(const Value &value) {
        checkSetting(this->getName());
        values_.set(value);
        return kOfxStatOK;
    }

    OfxStatus setByPlugin(OfxTime time, const Value &value) {
        checkSetting(this->getName());
        values_.key(time, value);
        return kOfxStatOK;
    }

private:
    static Value initial(params::Descriptor &descriptor) {
        Value value;
        for (size_t n = 0; n < N; ++n) value[n] = defaultOf(descriptor, int(n), static_cast<T *>(nullptr));
        return value;
    }

    Value parsed(const Words &words) const {
        if (words.size() != N) throw Refused(this->getName() + " takes " + std::to_string(N) + " numbers");
        Value value;
        for (size_t n = 0; n < N; ++n) value[n] = fromWord(words[n], static_cast<T *>(nullptr));
        return value;
    }

    Keyed<T, N> values_;
};

template <class Base, class T> class One : public Valued<Base, T, 1> {
public:
    using Valued<Base, T, 1>::Valued;
    OfxStatus get(T &a) override { return get(currentTime, a); }
    OfxStatus get(OfxTime time, T &a) override {
        a = this->at(time)[0];
        return kOfxStatOK;
    }
    OfxStatus set(T a) override { return this->setByPlugin({{a}}); }
    OfxStatus set(OfxTime time, T a) override { return this->setByPlugin(time, {{a}}); }
};

template <class Base, class T> class Two : public Valued<Base, T, 2> {
public:
    using Valued<Base, T, 2>::Valued;
    OfxStatus get(T &a, T &b) override { return get(currentTime, a, b); }
    OfxStatus get(OfxTime time, T &a, T &b) override {
        const auto value = this->at(time);
        a = value[0], b = value[1];
        return kOfxStatOK;
    }
    OfxStatus set(T a, T b) override { return this->setByPlugin({{a, b}}); }
    OfxStatus set(OfxTime time, T a, T b) override { return this->setByPlugin(time, {{a, b}}); }
};

template <class Base, class T> class Three : public Valued<Base, T, 3> {
public:
    using Valued<Base, T, 3>::Valued;
    OfxStatus get(T &a, T &b, T &c) override { return get(currentTime, a, b, c); }
    OfxStatus get(OfxTime time, T &a, T &b, T &c) override {
        const auto value = this->at(time);
        a = value[0], b = value[1], c = value[2];
        return kOfxStatOK;
    }
    OfxStatus set(T a, T b, T c) override { return this->setByPlugin({{a, b, c}}); }
    OfxStatus set(OfxTime time, T a, T b, T c) override { return this->setByPlugin(time, {{a, b, c}}); }
};

class Color : public Valued<params::RGBAInstance, double, 4> {
public:
    using Valued::Valued;
    OfxStatus get(double &r, double &g, double &b, double &a) override { return get(currentTime, r, g, b, a); }
    OfxStatus get(OfxTime time, double &r, double &g, double &b, double &a) override {
        const auto value = at(time);
        r = value[0], g = value[1], b = value[2], a = value[3];
        return kOfxStatOK;
    }
    OfxStatus set(double r, double g, double b, double a) override { return setByPlugin({{r, g, b, a}}); }
    OfxStatus set(OfxTime time, double r, double g, double b, double a) override {
        return setByPlugin(time, {{r, g, b, a}});
    }
};

class Double : public One<params::DoubleInstance, double> {
public:
    using One::One;
    OfxStatus derive(OfxTime, double &) override { return kOfxStatErrMissingHostFeature; }
    OfxStatus integrate(OfxTime, OfxTime, double &) override { return kOfxStatErrMissingHostFeature; }
};

/// A text without keys: no host that matters animates them.
class Text : public params::StringInstance, public Adjustable {
public:
    Text(params::Descriptor &descriptor, params::SetInstance *set)
        : StringInstance(descriptor, set), value_(descriptor.getProperties().getStringProperty(kOfxParamPropDefault)) {}

    void adjust(const Words &values) override { value_ = values.empty() ? "" : values[0]; }
    void adjustAt(double, const Words &) override { throw Refused(getName() + " is a text, and texts have no keys"); }
    Words read(double) const override { return {value_}; }

    OfxStatus get(std::string &value) override {
        value = value_;
        return kOfxStatOK;
    }
    OfxStatus get(OfxTime, std::string &value) override { return get(value); }
    OfxStatus set(const char *value) override {
        checkSetting(getName());
        value_ = value;
        return kOfxStatOK;
    }
    OfxStatus set(OfxTime, const char *value) override { return set(value); }

    // HostSupport copies the text into one buffer for all threads, so that two renders tear it from each other's hands.
    // What is handed out here stays where it is until the text is set, which never happens while a render runs.
    OfxStatus getV(va_list arguments) override {
        *va_arg(arguments, const char **) = value_.c_str();
        return kOfxStatOK;
    }
    OfxStatus getV(OfxTime, va_list arguments) override { return getV(arguments); }
    using StringInstance::setV;

private:
    std::string value_;
};

template <class P> static params::Instance *make(params::Descriptor &descriptor, params::SetInstance *set) {
    return new P(descriptor, set);
}

params::Instance *newParameter(params::Descriptor &descriptor, params::SetInstance *set) {
    typedef params::Instance *(*Maker)(params::Descriptor &, params::SetInstance *);
    static const std::map<std::string, Maker> makers = {
        {kOfxParamTypeInteger, make<One<params::IntegerInstance, int>>},
        {kOfxParamTypeInteger2D, make<Two<params::Integer2DInstance, int>>},
        {kOfxParamTypeInteger3D, make<Three<params::Integer3DInstance, int>>},
        {kOfxParamTypeDouble, make<Double>},
        {kOfxParamTypeDouble2D, make<Two<params::Double2DInstance, double>>},
        {kOfxParamTypeDouble3D, make<Three<params::Double3DInstance, double>>},
        {kOfxParamTypeBoolean, make<One<params::BooleanInstance, bool>>},
        {kOfxParamTypeChoice, make<One<params::ChoiceInstance, int>>},
        {kOfxParamTypeRGB, make<Three<params::RGBInstance, double>>},
        {kOfxParamTypeRGBA, make<Color>},
        {kOfxParamTypeString, make<Text>},
        {kOfxParamTypePushButton, make<params::PushbuttonInstance>},
        {kOfxParamTypeGroup, make<params::GroupInstance>},
        {kOfxParamTypePage, make<params::PageInstance>},
    };
    const auto maker = makers.find(descriptor.getType());
    return maker == makers.end() ? nullptr : maker->second(descriptor, set);
}

}
