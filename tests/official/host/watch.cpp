#include "watch.h"

#include <mutex>

namespace official {

thread_local std::string currentAction;
std::atomic<int> imagesAlive(0);

static std::mutex lock;
static std::vector<std::string> violations, messages;

void violation(const std::string &what) {
    std::lock_guard<std::mutex> held(lock);
    violations.push_back(what);
}

void keepMessage(const std::string &what) {
    std::lock_guard<std::mutex> held(lock);
    messages.push_back(what);
}

static std::vector<std::string> take(std::vector<std::string> &list) {
    std::lock_guard<std::mutex> held(lock);
    std::vector<std::string> taken;
    taken.swap(list);
    return taken;
}

std::vector<std::string> takeViolations() { return take(violations); }
std::vector<std::string> takeMessages() { return take(messages); }

}
