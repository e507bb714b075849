class_name RLOracle
extends RefCounted
## Base of an oracle inside the game: it watches one arena while an episode is recorded, and reports what is wrong.
##
## What it reports is recorded with the episode. It must not change the game, or use its random numbers, and must report
## the same whenever the same episode is played. Variables without a leading underscore are its thresholds.

## The arena that is watched.
var arena: RLArenaCore
## Its name; that of its file unless the script sets it. Every key begins with it.
var id := &""
## "error", or "warning".
var severity := "error"
## Bodies of the arena that can move, in scene order.
var bodies: Array[Node] = []
## The first tick of a decision: an agent may have been given another action.
var is_decided := false

var _agent_of: Dictionary[Node, RLAgent] = {}
var _report := Callable()


## Override: an episode begins.
func _begin() -> void:
	pass


## Override: nodes of the arena have come or gone since the episode began; `bodies` is up to date.
func _nodes_changed() -> void:
	pass


## Override: a physics tick is over, for players and rules. Rigid bodies move after it.
func _tick(_delta: float) -> void:
	pass


## Override: a decision is over. For what is dear to look at.
func _end_decision() -> void:
	pass


## Report something wrong. What has the same `cause` is the same finding, wherever and whenever it is seen.
func report(cause: String, message: String, agent: RLAgent = null) -> void:
	_report.call("%s:%s" % [id, cause], message, agent)


## The agent whose body this is; null for another body.
func agent_of(body: Node) -> RLAgent:
	return _agent_of.get(body)


## Whether a body takes part: that of an agent while it plays, and any other one that nobody holds.
func takes_part(body: Node) -> bool:
	var agent := agent_of(body)
	if agent != null:
		return agent.active or agent.has_just_ended()
	return not RLPhysics.is_held(body)


## Whom a message names: the agent of a body, or the body.
func name_of(body: Node) -> String:
	var agent := agent_of(body)
	return String(agent.agent_name) if agent != null else path_of(body)


## What a key names: the policy of a body's agent, or the body. The same in every episode.
func kind_of(body: Node) -> String:
	var agent := agent_of(body)
	return String(agent.policy_name) if agent != null else path_of(body)


## A node's path in the arena. A node without a name of its own gets one from the engine, which differs
## from game to game; its class is used instead.
func path_of(node: Node) -> String:
	var parts: PackedStringArray = []
	while node != null and node != arena.root:
		var called := String(node.name)
		parts.append(node.get_class() if called.begins_with("@") else called)
		node = node.get_parent()
	parts.reverse()
	return "/".join(parts)


## Physics ticks in a number of seconds of game time.
func ticks_in(seconds: float) -> int:
	return RLGameTime.ticks_in(seconds)


## For RLOracles: watch this arena; `receiver` takes a key, a message and an agent or null.
func setup(of_arena: RLArenaCore, moving: Array[Node], receiver: Callable) -> void:
	arena = of_arena
	bodies = moving
	_report = receiver
	for agent: RLAgent in arena.agents:
		_agent_of[agent.get_parent()] = agent
