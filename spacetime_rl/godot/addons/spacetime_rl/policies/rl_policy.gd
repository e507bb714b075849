@tool
@icon("res://addons/spacetime_rl/icons/agent.svg")
class_name RLPolicy
extends Resource
## A trained policy: the computation in an `.onnx` file, and the schema beside it, which says what its numbers mean.
##
## `spacetime-rl export` writes both files. The policy has no state of its own: agents may share it.

const _SCHEMA_FORMAT := 1

## The bytes of the `.onnx` file.
@export_storage var model_bytes := PackedByteArray()
## The document in `<policy>.schema.json`.
@export_storage var schema: Dictionary = {}

## What is wrong with the files, in one sentence; empty if nothing is.
var problem := ""

var _model: RLOnnxModel


## The policy in `<name>.onnx` and `<name>.schema.json`. Its `problem` says what is wrong with them.
static func load_from(path: String) -> RLPolicy:
	var policy := RLPolicy.new()
	policy.model_bytes = FileAccess.get_file_as_bytes(path)
	if policy.model_bytes.is_empty():
		policy.problem = "%s: %s" % [path, RLOnnxModel.why_not_read()]
		return policy
	var schema_path := path.get_basename() + ".schema.json"
	var text := FileAccess.get_file_as_string(schema_path)
	var document: Variant = JSON.parse_string(text) if not text.is_empty() else null
	if document is not Dictionary:
		var found := "no JSON object" if not text.is_empty() else RLOnnxModel.why_not_read()
		policy.problem = "%s: %s; `spacetime-rl export` writes it beside the policy" % [schema_path, found]
		return policy
	policy.schema = document
	if policy.model() == null:
		policy.problem = "%s: %s" % [path, policy.problem]
	return policy


## The computation, shared by everybody who uses the policy; null if something is wrong with it.
func model() -> RLOnnxModel:
	if _model == null and problem.is_empty():
		if schema.get("format") != _SCHEMA_FORMAT:
			problem = "its schema has format %s, expected %d" % [schema.get("format"), _SCHEMA_FORMAT]
			return null
		_model = RLOnnxModel.of_bytes(model_bytes)
		problem = _model.problem
		if problem.is_empty():
			_model.keep_outputs(["distribution", "state_outs"] if state_size() > 0 else ["distribution"])
			if not _model.outputs.has("distribution"):
				problem = "it has no output 'distribution'"
	return _model if problem.is_empty() else null


## Floats of recurrent state; 0 without.
func state_size() -> int:
	return int(schema.get("state_size", 0) as float)


## Whether an action is the tanh of what the policy computes.
func is_squashed() -> bool:
	return schema.get("squashed", false)


## What an agent, or the pace of its game, has other than the policy was trained on: one sentence each. Games at
## different ticks may have decisions of the same length; a pace of 0 is not compared.
func problems_for(agent: RLAgent, action_repeat: int, physics_hz: int) -> PackedStringArray:
	var problems := PackedStringArray()
	var layout: Dictionary = schema.get("layout", {})
	var found := RLLayout.of(agent)
	for part: String in ["fields", "images", "actions"]:
		problems.append_array(_differences(part.trim_suffix("s"), layout.get(part, []) as Array, found[part] as Array))
	var origin: Dictionary = schema.get("origin", {})
	var trained_ticks: Variant = origin.get("action_repeat")
	var trained_hz: Variant = origin.get("physics_hz")
	if trained_ticks != null and trained_hz != null and action_repeat > 0 and physics_hz > 0:
		var trained_s := (trained_ticks as float) / (trained_hz as float)
		if not is_equal_approx(trained_s, float(action_repeat) / physics_hz):
			var paces := [trained_ticks, trained_hz, action_repeat, physics_hz]
			problems.append("a decision: the policy has %d ticks at %d a second, the game %d at %d" % paces)
	return problems


static func _differences(what: String, trained: Array, found: Array) -> PackedStringArray:
	var problems := PackedStringArray()
	for i: int in maxi(trained.size(), found.size()):
		var ours := _described(trained[i] as Dictionary) if i < trained.size() else "none"
		var theirs := _described(found[i] as Dictionary) if i < found.size() else "none"
		if ours != theirs:
			problems.append("%s %d: the policy has %s, the game %s" % [what, i + 1, ours, theirs])
	return problems


# Without the unit, which is a remark. Numbers of a JSON document are floats.
static func _described(part: Dictionary) -> String:
	var words := PackedStringArray([str(part["name"])])
	for key: String in ["kind", "size", "shape"]:
		var value := str(part.get(key, "")).replace(".0", "")
		# Observations may leave their kind out, which is continuous.
		if value not in ["", "continuous"]:
			words.append(value)
	return " ".join(words)
