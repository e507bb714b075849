@tool
class_name RLNameCheck
## Names of rewards and metrics that do not fit: declared twice, or used in a script and declared by no agent.

const _ADDON := "res://addons/spacetime_rl/"
# A call with a literal name; what stands before the dot is not told apart.
const _CALL := '\\b(add_reward|set_metric|add_metric|get_metric)\\(\\s*&?"([^"]+)"\\s*[,)]'


## Of an agent: names declared twice, and names that its own script uses for itself.
static func problems_of_agent(agent: RLAgent) -> PackedStringArray:
	var problems := _repeated(agent)
	for used: Array in _used_by(agent, "(?<![\\w.])" + _CALL):
		if not _declares(agent, used):
			problems.append(_unknown(used, "this agent's script"))
	return problems


## Of an arena: names that its script uses and none of its agents declares.
static func problems_of_arena(arena: Node) -> PackedStringArray:
	var problems: PackedStringArray = []
	var agents := arena.find_children("*", "RLAgent", true, false)
	# An arena that adds nodes may add agents.
	if agents.is_empty() or "add_child(" in _source_of(arena):
		return problems
	for used: Array in _used_by(arena, _CALL):
		if not agents.any(func(agent: RLAgent) -> bool: return _declares(agent, used)):
			problems.append(_unknown(used, "the arena's script"))
	return problems


static func _repeated(agent: RLAgent) -> PackedStringArray:
	var problems: PackedStringArray = []
	for i: int in agent.reward_names.size():
		if agent.reward_names.find(agent.reward_names[i]) < i:
			problems.append("reward_names has '%s' twice." % agent.reward_names[i])
	for i: int in agent.metric_names.size():
		var metric := agent.metric_names[i]
		if agent.metric_names.find(metric) < i:
			problems.append("metric_names has '%s' twice." % metric)
		if metric in RLAgent.COMMON_METRICS:
			problems.append("metric_names has '%s', which every agent reports: give it another name." % metric)
	return problems


static func _unknown(used: Array, where: String) -> String:
	var list := "reward_names" if used[0] == "add_reward" else "metric_names"
	return '%s("%s") in %s: the name is not in %s.' % [used[0], used[1], where, list]


# Whether the agent has the name that a call [method, name] uses, or fills its lists by code.
static func _declares(agent: RLAgent, used: Array) -> bool:
	var name := StringName(str(used[1]))
	if used[0] != "add_reward":
		return name in agent.metric_names or "metric_names" in _source_of(agent)
	var term_names := agent.reward_terms.map(
		func(term: RLRewardTerm) -> StringName: return term.name if term != null else &""
	)
	return name in agent.reward_names or name in term_names or "reward_names" in _source_of(agent)


# Each [method, name] in a node's scripts, once.
static func _used_by(node: Node, pattern: String) -> Array[Array]:
	var used: Array[Array] = []
	for found: RegExMatch in RegEx.create_from_string(pattern).search_all(_source_of(node)):
		var method_and_name := [found.get_string(1), found.get_string(2)]
		if method_and_name not in used:
			used.append(method_and_name)
	return used


# The node's script and those that it extends, down to the addon's, without comments.
static func _source_of(node: Node) -> String:
	var source := ""
	var script := node.get_script() as Script
	while script != null and not script.resource_path.begins_with(_ADDON):
		for line: String in script.source_code.split("\n"):
			source += line.get_slice("#", 0) + "\n"
		script = script.get_base_script()
	return source
