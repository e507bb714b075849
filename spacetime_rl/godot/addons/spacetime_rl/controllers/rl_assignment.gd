class_name RLAssignment
extends RefCounted
## Which controller drives which agents: set once from the command line, asked for actions at every decision.

## Drives the agents that neither a script nor a person plays.
var peer: RLPeerController
## What is wrong with the command line, one sentence each.
var problems: PackedStringArray = []

var _roster: RLRoster
# By policy who plays it.
var _playing: Dictionary[RLPolicy, RLPolicyController] = {}
# Kinds of agents that were compared with a policy, which comes first.
var _checked: Array[Array] = []
# By controller its agents, in the roster's order.
var _driven: Dictionary[RLController, Array] = {}
# Those whose actions change from tick to tick.
var _gliding: Array[RLAgent] = []


func _init(roster: RLRoster, options: RLOptions) -> void:
	_roster = roster
	if options.nan_asks_script:
		peer = RLPeerOrScriptController.new(roster.agents, options.player)
	else:
		peer = RLPeerController.new(roster.agents, options.player)
	_check_policies("scripted", options.scripted)
	_check_policies("policies", PackedStringArray(options.policies.keys()))
	_assign_policies(options)
	_assign_files(options)
	_assign_person(options)
	regroup()
	roster.agents_changed.connect(regroup)


## Let every controller decide for its agents, and hand them their actions.
func act() -> void:
	for controller: RLController in _driven:
		var agents: Array[RLAgent] = _driven[controller]
		var actions := controller.decide(agents)
		if _roster.trace != null:
			_roster.trace.note_actions(agents, actions, controller == peer)
		var offset := 0
		for agent: RLAgent in agents:
			agent.act(actions, offset)
			offset += agent.action_size


## One tick within a decision has passed.
func advance() -> void:
	for agent: RLAgent in _gliding:
		agent.controller.advance(agent)


## The person who plays `from`, if there is one, plays `to` from now on; who played that one plays `from`.
func pass_person(from: RLAgent, to: RLAgent) -> void:
	if from.controller is not RLHumanController:
		return
	var person := from.controller
	from.controller = to.controller
	to.controller = person
	regroup()


## Sort the agents by their controllers again, after one of them got another.
func regroup() -> void:
	_driven.clear()
	_gliding.clear()
	for agent: RLAgent in _roster.agents:
		if not _driven.has(agent.controller):
			var none: Array[RLAgent] = []
			_driven[agent.controller] = none
		_driven[agent.controller].append(agent)
		if agent.policy_interpolates and agent.controller is RLPolicyController:
			_gliding.append(agent)


func _check_policies(option: String, policies: PackedStringArray) -> void:
	for policy: String in policies:
		if not _roster.groups.has(StringName(policy)):
			var known := ", ".join(PackedStringArray(_roster.groups.keys()))
			problems.append("--%s=%s: no such policy; there are %s" % [option, policy, known])


## Without a peer that decides, an agent is played by the policy that it has, or else by its script.
func _assign_policies(options: RLOptions) -> void:
	var heuristic := RLHeuristicController.new()
	var peer_decides := options.port > 0 and options.control == "policy"
	for stage: RLStage in _roster.stages:
		for arena: RLArenaCore in stage.played_arenas():
			var cast := stage.cast_of(arena)
			for i: int in cast.size():
				var scripted := stage.lead().agents[i].policy_name in options.scripted
				cast[i].controller = peer
				if scripted or not peer_decides:
					cast[i].controller = heuristic
				if not peer_decides and options.control == "policy" and cast[i].policy != null:
					_let_play(cast[i].policy, cast[i], options, cast[i].policy.resource_path)


## The agents of a policy whose file is named are played by it, in the game.
func _assign_files(options: RLOptions) -> void:
	for name: String in options.policies:
		var file: String = options.policies[name]
		var policy := RLPolicy.load_from(file)
		for agent: RLAgent in _cast_of(name):
			_let_play(policy, agent, options, file)


# One controller for a policy, so that its agents decide together. What is wrong is said once for alike agents.
func _let_play(policy: RLPolicy, agent: RLAgent, options: RLOptions, file: String) -> void:
	if not _playing.has(policy):
		_playing[policy] = RLPolicyController.new(policy, options.action_repeat)
	agent.controller = _playing[policy]
	var kind := [policy, agent.policy_name, agent.policy_period]
	if kind in _checked:
		return
	_checked.append(kind)
	var found := PackedStringArray()
	if policy.model() == null:
		found.append(policy.problem)
	else:
		found = policy.problems_for(agent, options.action_repeat, options.physics_hz)
	if not found.is_empty():
		var whose := [agent.agent_name, agent.get_path(), file, "; ".join(found)]
		problems.append("agent '%s' (%s): its policy %s: %s" % whose)


# All agents of a policy, those of other tasks included.
func _cast_of(policy: String) -> Array[RLAgent]:
	var found: Array[RLAgent] = []
	for stage: RLStage in _roster.stages:
		for arena: RLArenaCore in stage.played_arenas():
			var cast := stage.cast_of(arena)
			for i: int in cast.size():
				if String(stage.lead().agents[i].policy_name) == policy:
					found.append(cast[i])
	return found


## A person plays the agent that was asked for, or the first one without a policy of a scene without a peer.
func _assign_person(options: RLOptions) -> void:
	var local := options.port == 0 and options.control != "heuristic"
	if not (local or options.has_human):
		return
	for agent: RLAgent in _roster.agents:
		var has_policy := agent.policy != null or agent.controller is RLPolicyController
		var plays_itself := has_policy and not options.has_human
		if options.human in ["", String(agent.agent_name)] and not plays_itself:
			agent.controller = RLHumanController.new()
			return
	if not options.has_human:
		return
	var names := _roster.agents.map(func(agent: RLAgent) -> String: return String(agent.agent_name))
	problems.append("--human=%s: no such agent; there are %s" % [options.human, ", ".join(names)])
