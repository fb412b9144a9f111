// A parameter's value over time, by the rules of our own host, so that both render the same animation: numbers run
// straight between keys, everything else holds until the next key.
#ifndef VALUES_H
#define VALUES_H

#include <array>
#include <cmath>
#include <iterator>
#include <map>

namespace official {

inline double between(double a, double b, double amount) { return a + (b - a) * amount; }
inline int between(int a, int b, double amount) { return int(std::lround(between(double(a), double(b), amount))); }
template <class T> T between(const T &a, const T &, double) { return a; }

template <class T, size_t N> class Keyed {
public:
    typedef std::array<T, N> Value;

    /// `glides` is false for choices, whose indices must not run through the options in between.
    explicit Keyed(const Value &value, bool glides) : constant_(value), glides_(glides) {}

    Value at(double time) const {
        if (keys_.empty()) return constant_;
        const auto after = keys_.upper_bound(time);
        if (after == keys_.begin()) return after->second;
        const auto before = std::prev(after);
        if (after == keys_.end() || !glides_) return before->second;
        const double amount = (time - before->first) / (after->first - before->first);
        Value value;
        for (size_t n = 0; n < N; ++n) value[n] = between(before->second[n], after->second[n], amount);
        return value;
    }

    void set(const Value &value) {
        keys_.clear();
        constant_ = value;
    }

    void key(double time, const Value &value) { keys_[time] = value; }

    const std::map<double, Value> &keys() const { return keys_; }

    bool remove(double time) { return keys_.erase(time) > 0; }

    void removeAll(double now) { set(at(now)); }

private:
    Value constant_;
    bool glides_;
    std::map<double, Value> keys_;
};

}

#endif
