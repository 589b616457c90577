#include "bqcdc/emulator/handlers/script_jobs.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {

void ScriptJobs::Begin(const sql::ScriptStatement& statement) {
  using nlohmann::json;
  const JobSpec& parent = parent_.spec;
  JobSpec spec;
  spec.project = parent.project;
  spec.location = parent.location;
  spec.id = base::StrCat("script_job_", TextHash(parent.id), "_", count_++);
  spec.parent_id = parent.id;
  spec.frame = ScriptFrame{std::string(statement.text), statement.start_line, statement.start_column,
                           statement.end_line, statement.end_column};
  json configuration = json::parse(parent.configuration_json, nullptr, false);
  configuration["query"] = spec.frame->text;
  spec.configuration_json = configuration.dump(-1, ' ', false, json::error_handler_t::replace);
  spec.destination = {parent.project, parent.destination.dataset, "anon" + spec.id};
  spec.labels = parent.labels;
  spec.query.text = spec.frame->text;
  // Whoever cancels the statement cancels the script.
  spec.query.cancellation = parent.query.cancellation;
  spec.creation_time_ms = NowMs();
  running_ = std::make_shared<Job>(std::move(spec));
  // The id is of a hash and a count: nobody has it but a script of the same id that was deleted in between,
  // and then this statement's job is not shown.
  store_.Add(running_, NowMs()).IgnoreError();
  running_->Start(NowMs());
}

void ScriptJobs::End(const absl::StatusOr<std::shared_ptr<const sql::QueryOutcome>>& outcome) {
  running_->Finish(outcome, /*is_script=*/false, NowMs(), kJobBytesMax);
  store_.Finished(*running_, NowMs());
  running_.reset();
}

}  // namespace bqcdc::emulator::handlers
