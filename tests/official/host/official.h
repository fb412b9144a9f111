// HostSupport's headers, which only compile in this order.
#ifndef OFFICIAL_H
#define OFFICIAL_H

#include "ofxCore.h"
#include "ofxImageEffect.h"
#include "ofxPixels.h"

#include "ofxhBinary.h"
#include "ofxhPropertySuite.h"
#include "ofxhClip.h"
#include "ofxhParam.h"
#include "ofxhMemory.h"
#include "ofxhImageEffect.h"
#include "ofxhPluginAPICache.h"
#include "ofxhPluginCache.h"
#include "ofxhHost.h"
#include "ofxhImageEffectAPI.h"

namespace official {
namespace effects = OFX::Host::ImageEffect;
namespace params = OFX::Host::Param;
}

#endif
