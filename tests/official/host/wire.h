// How the test that started this program speaks with it: a line a command, words between tabs. An answer is any number
// of rows ("- word<tab>word"), then "= ok" or "! what went wrong".
#ifndef WIRE_H
#define WIRE_H

#include <stdexcept>
#include <string>
#include <vector>

namespace official {

typedef std::vector<std::string> Words;

/// A command that cannot be done; its text is the answer.
struct Refused : std::runtime_error {
    explicit Refused(const std::string &why) : std::runtime_error(why) {}
};

/// Keeps the real standard output for answers. HostSupport prints to it, and that goes to standard error from here on.
void takeOutput();

/// The next command; false when the other side is done.
bool readCommand(Words &words);

void row(const Words &words);
void done();
void refuse(const std::string &why);

std::string text(double value);
double number(const std::string &word);
std::string statusName(int status);

}

#endif
