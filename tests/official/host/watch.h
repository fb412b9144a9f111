// What a plug-in does that hosts do not forgive, kept until the test asks for it.
#ifndef WATCH_H
#define WATCH_H

#include <atomic>
#include <string>
#include <vector>

namespace official {

/// The action that runs on this thread; empty outside.
extern thread_local std::string currentAction;

/// Images that the plug-in holds.
extern std::atomic<int> imagesAlive;

void violation(const std::string &what);
void keepMessage(const std::string &what);

std::vector<std::string> takeViolations();
std::vector<std::string> takeMessages();

}

#endif
