#pragma once

#include <string>
#include <vector>

// docs/reference/googlesql.md: what of GoogleSQL the server takes, written from the tables that it runs on.
namespace bqcdc::emulator::sql {

// A form of a statement or query, and one statement of it. The examples run one after the other on an empty
// dataset `d`, which is the default one: what the page says is what happens.
struct ReferenceForm {
  std::string form;
  std::string example;
};

struct ReferenceSection {
  std::string title;
  std::vector<ReferenceForm> forms;
  // The forms are refused, by name and with a position.
  bool refused = false;
};

const std::vector<ReferenceSection>& ReferenceSections();

std::string ReferencePage();

}  // namespace bqcdc::emulator::sql
