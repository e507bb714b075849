class_name RLRewardScript
extends RefCounted
## A user's reward term: a script that extends RLRewardTerm and lies anywhere on the disk, given to a run by its path.

const _UNNAMED := &"term"

var _script: GDScript
var _path := ""
# Of the agents that get the term; all where it is empty.
var _policies: PackedStringArray = []
# Not a number where the script's own stands.
var _weight := NAN


## The scripts of `--reward_scripts`: `[{"path": …, "policies": […], "weight": …}]`; mistakes are added to `problems`.
static func load_all(entries: Array, problems: PackedStringArray) -> Array[RLRewardScript]:
	var scripts: Array[RLRewardScript] = []
	for entry: Dictionary in entries:
		var script := RLRewardScript.new(entry)
		var problem := script._problem()
		if problem == "":
			scripts.append(script)
		else:
			problems.append("reward script %s: %s" % [script._path, problem])
	return scripts


func _init(entry: Dictionary) -> void:
	_path = str(entry.get("path", ""))
	var policies: Array = entry.get("policies", [])
	_policies = PackedStringArray(policies)
	var weight: Variant = entry.get("weight")
	if weight != null:
		_weight = weight
	_script = RLOutsideScript.load_from(_path)


## Give an agent that it is meant for a term of its own.
func add_to(agent: RLAgent) -> void:
	if not _policies.is_empty() and String(agent.policy_name) not in _policies:
		return
	var term: RLRewardTerm = _script.new()
	if term.name == _UNNAMED:
		term.name = StringName(_path.get_file().get_basename())
	if not is_nan(_weight):
		term.weight = _weight
	# The array may belong to the scene that all agents were made from.
	agent.reward_terms = agent.reward_terms.duplicate()
	agent.reward_terms.append(term)


func _problem() -> String:
	if not FileAccess.file_exists(_path):
		return "there is no such file"
	if _script == null or not _script.can_instantiate():
		return "it does not load"
	var made: Variant = _script.new()
	if made is RLRewardTerm:
		return "" if _overrides_amount() else "it pays nothing: override `amount(delta)`"
	if made is Node:
		(made as Node).free()
	return "expected a script that extends RLRewardTerm"


# The list has a method once for every script on the way to the base that defines it.
func _overrides_amount() -> bool:
	var found := _script.get_script_method_list().filter(
		func(method: Dictionary) -> bool: return method["name"] == "amount"
	)
	return found.size() > 1
