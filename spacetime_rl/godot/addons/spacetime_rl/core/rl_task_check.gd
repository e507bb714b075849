class_name RLTaskCheck
## Whether one set of policies can play all tasks: as many agents, and the same spaces, in each.


## What prevents it, one sentence each; `names` are those of the tasks.
static func problems_of(stage: RLStage, names: PackedStringArray) -> PackedStringArray:
	var problems: PackedStringArray = []
	var lead := stage.lead()
	for arena: RLArenaCore in stage.played_arenas():
		if arena == lead:
			continue
		var cast := stage.cast_of(arena)
		if cast.size() != lead.agents.size() or arena.agents.size() != cast.size():
			var found := [names[lead.task], _counted(lead), names[arena.task], _counted(arena)]
			problems.append("tasks need the same agents: '%s' has %s, '%s' has %s" % found)
			continue
		problems.append_array(_unlike(lead, cast, names))
	return problems


static func _unlike(lead: RLArenaCore, cast: Array[RLAgent], names: PackedStringArray) -> PackedStringArray:
	var problems: PackedStringArray = []
	var told: Array[StringName] = []
	for i: int in cast.size():
		var agent := lead.agents[i]
		if agent.policy_name in told or RLLayout.of(agent) == RLLayout.of(cast[i]):
			continue
		told.append(agent.policy_name)
		var found := [agent.policy_name, names[lead.task], RLLayout.described(agent)]
		found.append_array([names[cast[i].arena_core.task], RLLayout.described(cast[i])])
		problems.append("tasks need the same spaces: policy '%s' would play '%s', %s, and '%s', %s" % found)
	return problems


static func _counted(arena: RLArenaCore) -> String:
	var counts: Dictionary[StringName, int] = {}
	for agent: RLAgent in arena.agents:
		counts[agent.policy_name] = counts.get(agent.policy_name, 0) + 1
	var parts: PackedStringArray = []
	for policy: StringName in counts:
		parts.append("%d %s" % [counts[policy], policy])
	return " and ".join(parts) if not parts.is_empty() else "none"
