@tool
class_name RLSceneCheck
## What is wrong with a node of the addon where it stands in its scene: the editor's warnings, one sentence each.
##
## Parts may also be added by code, so only what is certainly wrong is reported.

const _NO_AGENT := "%s has to be a child of an RLAgent: where it is now, nothing uses it."


## The warnings for a node; none for one that is not of this addon.
static func problems_of(node: Node) -> PackedStringArray:
	if node is RLBridge:
		return _of_bridge(node as RLBridge)
	if node is RLArena or node is RLArena2D:
		return _of_arena(node) + RLNameCheck.problems_of_arena(node)
	if node is RLAgent:
		return _of_agent(node as RLAgent) + RLNameCheck.problems_of_agent(node as RLAgent)
	if node is RLSensor or node is RLImageSensor or node is RLAction:
		return _of_part(node)
	if node is RLTeam and null in (node as RLTeam).members:
		return ["members has an empty place: set it, or remove it."]
	if node is RLStockPolicy:
		var policy := (node as RLStockPolicy).policy
		return _of_policy(policy) if policy != null else PackedStringArray(["Set policy: without one nothing plays."])
	return []


static func _of_bridge(bridge: RLBridge) -> PackedStringArray:
	if bridge.arena_scene == null:
		return ["Set arena_scene to a scene whose root extends RLArena or RLArena2D."]
	if not _is_arena(bridge.arena_scene):
		var file := bridge.arena_scene.resource_path.get_file()
		return ["arena_scene is '%s', whose root does not extend RLArena or RLArena2D." % file]
	return []


static func _of_arena(arena: Node) -> PackedStringArray:
	var problems: PackedStringArray = []
	if arena.owner != null:
		var what := "An RLArena" if arena is RLArena else "An RLArena2D"
		problems.append("%s has to be the root of a scene of its own, which an RLBridge names as arena_scene." % what)
	var taken: Dictionary[StringName, bool] = {}
	for agent: RLAgent in _agents_below(arena):
		if taken.has(agent.agent_name):
			problems.append("Two agents are named '%s': give each an agent_name of its own." % agent.agent_name)
		elif agent.agent_name != &"":
			taken[agent.agent_name] = true
	return problems


static func _of_agent(agent: RLAgent) -> PackedStringArray:
	var problems: PackedStringArray = []
	if not _is_root(agent) and agent.get_parent() is not Node3D and agent.get_parent() is not Node2D:
		problems.append(
			"The parent of an RLAgent has to be the player's body, such as a CharacterBody3D or a CharacterBody2D."
		)
	if agent.policy_name == &"":
		problems.append("Set policy_name: the policy that plays this agent.")
	problems.append_array(_of_policy(agent.policy))
	if agent.policy != null and agent.policy.problem.is_empty() and agent.policy.schema.is_empty():
		problems.append("policy has no schema: put the .schema.json of `spacetime-rl export` beside its file.")
	if null in agent.reward_terms:
		problems.append("reward_terms has an empty place: set it, or remove it.")
	var arena := _arena_of(agent)
	if arena == null or agent.agent_name == &"":
		return problems
	for other: RLAgent in _agents_below(arena):
		if other != agent and other.agent_name == agent.agent_name:
			problems.append("Another agent is named '%s', too: %s." % [agent.agent_name, arena.get_path_to(other)])
	return problems


static func _of_policy(policy: RLPolicy) -> PackedStringArray:
	if policy == null or policy.model() != null:
		return []
	return ["policy cannot play: %s: %s." % [policy.resource_path, policy.problem]]


static func _of_part(part: Node) -> PackedStringArray:
	if _is_root(part):
		return []
	var agent := part.get_parent() as RLAgent
	if agent == null:
		return [_NO_AGENT % _class_of(part)]
	var problems: PackedStringArray = []
	for other: Node in agent.get_children():
		if other != part and _are_named_alike(part, other):
			problems.append("'%s' has the same label, '%s': give each its own." % [other.name, part.get(&"label")])
	problems.append_array(_of_body(part, agent.get_parent()))
	return problems


# What some sensors need the player's body to be.
static func _of_body(part: Node, body: Node) -> PackedStringArray:
	if part is RLHandsSensor and body is not RLXRPlayer:
		return ["RLHandsSensor needs an RLXRPlayer as the agent's parent."]
	if body is Node2D and _is_for_3d(part):
		return ["%s is for 3D, and the agent's parent is a Node2D." % _class_of(part)]
	if body is Node3D and _is_for_2d(part):
		return ["%s is for 2D, and the agent's parent is a Node3D." % _class_of(part)]
	if _is_own_class(part, [&"RLEntitySensor", &"RLEntitySensor2D"]) and (part as RLEntitySensor).group == &"":
		return ["Set group: the sensor sees the nodes of that group, and nothing without a group."]
	if part is RLVelocitySensor or part is RLVelocitySensor2D:
		return _of_velocity(part, body, "3D" if part is RLVelocitySensor else "2D")
	return []


static func _of_velocity(part: Node, body: Node, dimensions: String) -> PackedStringArray:
	var is_rigid := body is RigidBody3D or body is RigidBody2D
	if part.get(&"angular") and not is_rigid:
		var text := "An angular velocity is that of a RigidBody%s: make one the agent's parent, or switch angular off."
		return [text % dimensions]
	if not is_rigid and body is not CharacterBody3D and body is not CharacterBody2D:
		var bodies := [_class_of(part), dimensions, dimensions]
		return ["%s needs a RigidBody%s or CharacterBody%s as the agent's parent." % bodies]
	return []


static func _is_for_3d(part: Node) -> bool:
	var sees := part is RLRaySensor or part is RLTargetSensor or part is RLCameraSensor
	return sees or part is RLPoseSensor or part is RLVelocitySensor or _is_own_class(part, [&"RLEntitySensor"])


static func _is_for_2d(part: Node) -> bool:
	var sees := part is RLRaySensor2D or part is RLTargetSensor2D
	return sees or part is RLPoseSensor2D or part is RLVelocitySensor2D or part is RLEntitySensor2D


# The root of the scene that is edited may be put anywhere later.
static func _is_root(node: Node) -> bool:
	return Engine.is_editor_hint() and node.owner == null


static func _arena_of(node: Node) -> Node:
	while node != null and node is not RLArena and node is not RLArena2D:
		node = node.get_parent()
	return node


static func _agents_below(node: Node) -> Array[RLAgent]:
	var agents: Array[RLAgent] = []
	for child: Node in node.get_children():
		if child is RLAgent:
			agents.append(child as RLAgent)
		agents.append_array(_agents_below(child))
	return agents


# Images and actions are named by their labels, sensors by fields that each kind of sensor derives from its label.
static func _are_named_alike(part: Node, other: Node) -> bool:
	if other.get(&"label") != part.get(&"label"):
		return false
	if part is RLSensor:
		return other.get_script() == part.get_script()
	return (part is RLAction and other is RLAction) or (part is RLImageSensor and other is RLImageSensor)


# A script that extends one of these classes may see and write other things than the class does.
static func _is_own_class(node: Node, names: Array[StringName]) -> bool:
	return (node.get_script() as Script).get_global_name() in names


static func _class_of(node: Node) -> StringName:
	var script := node.get_script() as Script
	while script.get_global_name() == &"" and script.get_base_script() != null:
		script = script.get_base_script()
	return script.get_global_name()


# Without an instance: its scripts may not run in the editor.
static func _is_arena(scene: PackedScene) -> bool:
	var state := scene.get_state()
	for i: int in state.get_node_property_count(0):
		if state.get_node_property_name(0, i) == &"script":
			return _extends_arena(state.get_node_property_value(0, i) as Script)
	var inherited := state.get_node_instance(0)
	return inherited != null and _is_arena(inherited)


static func _extends_arena(script: Script) -> bool:
	while script != null and script.get_global_name() not in [&"RLArena", &"RLArena2D"]:
		script = script.get_base_script()
	return script != null
