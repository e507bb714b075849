@tool
@icon("res://addons/spacetime_rl/icons/agent.svg")
class_name RLPolicy
extends Resource
## A trained policy: the computation in an `.onnx` file, and the schema beside it, which says what its numbers mean.
##
## `spacetime-rl export` writes both files. The files of other programs have no schema, and play no RLAgent. The policy
## has no state of its own: agents may share it.

const _SCHEMA_FORMAT := 1

## The bytes of the `.onnx` file.
@export_storage var model_bytes := PackedByteArray()
## The document in `<policy>.schema.json`.
@export_storage var schema: Dictionary = {}

## What is wrong with the files, in one sentence; empty if nothing is.
var problem := ""

var _model: RLOnnxModel


## The policy in `<name>.onnx` and `<name>.schema.json`, imported or not. Its `problem` says what is wrong with them.
static func load_from(path: String) -> RLPolicy:
	if _is_imported_only(path):
		return load(path) as RLPolicy
	var policy := RLPolicy.new()
	policy.model_bytes = FileAccess.get_file_as_bytes(path)
	if policy.model_bytes.is_empty():
		policy.problem = why_not_read(path)
		return policy
	var schema_path := path.get_basename() + ".schema.json"
	if FileAccess.file_exists(schema_path):
		var text := FileAccess.get_file_as_string(schema_path)
		var document: Variant = JSON.parse_string(text) if not text.is_empty() else null
		if document is not Dictionary:
			var found := "no JSON object" if not text.is_empty() else "it is empty"
			policy.problem = "%s: %s; `spacetime-rl export` writes it beside the policy" % [schema_path, found]
			return policy
		policy.schema = document
	policy.model()
	return policy


## The bytes of an `.onnx` file, imported or not; none if it cannot be read.
static func bytes_of(path: String) -> PackedByteArray:
	if not _is_imported_only(path):
		return FileAccess.get_file_as_bytes(path)
	var policy := load(path) as RLPolicy
	return policy.model_bytes if policy != null else PackedByteArray()


## Why the file that was asked for last gave nothing, and what to do about it.
static func why_not_read(path: String) -> String:
	var error := FileAccess.get_open_error()
	if error == OK:
		return "it is empty"
	if error != ERR_FILE_NOT_FOUND or OS.has_feature("editor") or not path.begins_with("res://"):
		return "it cannot be read: %s" % error_string(error)
	return (
		"this build of the game does not have it. In the project that it was exported from, enable the plugin "
		+ "SpaceTime RL, so that the file is imported, and export it: the preset must not exclude it"
	)


## The computation, shared by everybody who uses the policy; null if something is wrong with it.
func model() -> RLOnnxModel:
	if _model == null and problem.is_empty():
		if not schema.is_empty() and schema.get("format") != _SCHEMA_FORMAT:
			problem = "its schema has format %s, expected %d" % [schema.get("format"), _SCHEMA_FORMAT]
			return null
		_model = RLOnnxModel.of_bytes(model_bytes)
		problem = _model.problem
		if problem.is_empty():
			_model.keep_outputs([decided(), "state_outs"] if state_size() > 0 else [decided()])
			if not _model.outputs.has(decided()):
				problem = "it has no output '%s'" % decided()
	return _model if problem.is_empty() else null


## Floats of recurrent state; 0 without.
func state_size() -> int:
	if not schema.is_empty() or _model == null:
		return int(schema.get("state_size", 0) as float)
	var shape: PackedInt32Array = _model.inputs.get("state_ins", PackedInt32Array())
	return maxi(shape[1], 0) if shape.size() > 1 else 0


## The output that decides: ours have a distribution, the files of other programs only `output`.
func decided() -> String:
	return "output" if schema.is_empty() else "distribution"


## Whether an action is the tanh of what the policy computes.
func is_squashed() -> bool:
	return schema.get("squashed", false)


## What an agent, or the pace of its game, has other than the policy was trained on: one sentence each. Games at
## different ticks may have decisions of the same length; a pace of 0 is not compared.
func problems_for(agent: RLAgent, action_repeat: int, physics_hz: int) -> PackedStringArray:
	var problems := PackedStringArray()
	if schema.is_empty():
		return ["it has no schema: put the `.schema.json` that `spacetime-rl export` writes beside the `.onnx` file"]
	problems.append_array(differences_from(RLLayout.of(agent)))
	if action_repeat > 0 and physics_hz > 0:
		problems.append_array(_differences_of_pace(action_repeat, agent.policy_period, physics_hz))
	return problems


## What a layout, as RLLayout makes it, has other than the one that the policy was trained on: one sentence each.
func differences_from(found: Dictionary) -> PackedStringArray:
	var problems := PackedStringArray()
	var layout: Dictionary = schema.get("layout", {})
	for part: String in ["fields", "images", "actions"]:
		problems.append_array(_differences(part.trim_suffix("s"), layout.get(part, []) as Array, found[part] as Array))
	return problems


# Games at different ticks may have decisions of the same length. Those that a policy takes may be longer than it was
# trained for, if the agent's policy_period is what makes them longer.
func _differences_of_pace(action_repeat: int, period: int, physics_hz: int) -> PackedStringArray:
	var origin: Dictionary = schema.get("origin", {})
	var trained_ticks: Variant = origin.get("action_repeat")
	var trained_hz: Variant = origin.get("physics_hz")
	if trained_ticks == null or trained_hz == null:
		return []
	var ticks := (trained_ticks as float) / (trained_hz as float) * physics_hz
	if is_equal_approx(ticks, action_repeat) or is_equal_approx(ticks, action_repeat * period):
		return []
	var advice := "train the policy at the game's pace (game.physics_hz, game.action_repeat)"
	if is_equal_approx(ticks, roundf(ticks)):
		advice = "set the RLBridge's action_repeat to %d" % roundi(ticks)
		if roundi(ticks) % action_repeat == 0:
			@warning_ignore("integer_division")
			advice += ", or the agent's policy_period to %d" % (roundi(ticks) / action_repeat)
	var paces := [trained_ticks, trained_hz, action_repeat, physics_hz, advice]
	return ["a decision: the policy has %d ticks at %d a second, the game %d at %d; %s" % paces]


# In an exported game there is only what the import has made of the file.
static func _is_imported_only(path: String) -> bool:
	return not FileAccess.file_exists(path) and ResourceLoader.exists(path)


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
	for key: String in ["kind", "size", "shape", "columns"]:
		var value := str(part.get(key, "")).replace(".0", "")
		# Observations may leave their kind out, which is continuous.
		if value not in ["", "continuous"]:
			words.append(value)
	return " ".join(words)
