// Parameters that hold real values, which HostSupport leaves to the host: its demo answers 2.0 and true to everything.
#ifndef PARAMS_H
#define PARAMS_H

#include "official.h"
#include "wire.h"

namespace official {

/// What the test does with a parameter, whatever its type.
class Adjustable {
public:
    virtual ~Adjustable() {}
    /// The value at every time, as an artist sets it.
    virtual void adjust(const Words &values) = 0;
    virtual void adjustAt(double time, const Words &values) = 0;
    virtual Words read(double time) const = 0;
};

/// The instance of a parameter; null for custom parameters, which HostSupport's demo host has not either, and for types
/// newer than this library.
params::Instance *newParameter(params::Descriptor &descriptor, params::SetInstance *set);

/// The current time, at which a value without a time is meant.
extern double currentTime;

}

#endif
