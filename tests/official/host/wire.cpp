#include "wire.h"

#include "official.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace official {

static FILE *answers = stdout;

void takeOutput() {
    answers = fdopen(dup(STDOUT_FILENO), "w");
    dup2(STDERR_FILENO, STDOUT_FILENO);
}

static std::string escaped(const std::string &word) {
    std::string out;
    for (char c : word) {
        switch (c) {
        case '\t': out += "\\t"; break;
        case '\n': out += "\\n"; break;
        case '\\': out += "\\\\"; break;
        default: out += c;
        }
    }
    return out;
}

static Words split(const std::string &line) {
    Words words(1);
    for (size_t n = 0; n < line.size(); ++n) {
        if (line[n] == '\t') {
            words.emplace_back();
        } else if (line[n] == '\\' && n + 1 < line.size()) {
            const char next = line[++n];
            words.back() += next == 't' ? '\t' : next == 'n' ? '\n' : next;
        } else {
            words.back() += line[n];
        }
    }
    return words;
}

bool readCommand(Words &words) {
    std::string line;
    if (!std::getline(std::cin, line)) return false;
    words = split(line);
    return true;
}

void row(const Words &words) {
    std::string line = "- ";
    for (size_t n = 0; n < words.size(); ++n) line += (n ? "\t" : "") + escaped(words[n]);
    fprintf(answers, "%s\n", line.c_str());
}

void done() {
    fputs("= ok\n", answers);
    fflush(answers);
}

void refuse(const std::string &why) {
    fprintf(answers, "! %s\n", escaped(why).c_str());
    fflush(answers);
}

std::string text(double value) {
    char buffer[40];
    snprintf(buffer, sizeof buffer, "%.17g", value);
    return buffer;
}

double number(const std::string &word) {
    char *end = nullptr;
    const double value = strtod(word.c_str(), &end);
    if (word.empty() || *end) throw Refused("\"" + word + "\" is no number");
    return value;
}

std::string statusName(int status) {
    // HostSupport knows the names of the core only.
    return status == kOfxStatErrImageFormat ? "kOfxStatErrImageFormat" : OFX::StatStr(status);
}

}
