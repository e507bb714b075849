class_name RLAloneRun
extends RefCounted
## Decisions that the game plays by itself, with random actions: how fast it is when nobody is waited for.

## Flag bits of a run.
const SENSE := 1
const PROFILE := 2

const _POOL := 64
const _SEED := 1

var _bridge: RLBridge
var _roster: RLRoster
var _sense := true
var _decisions := 0
var _played := 0
var _begun_usec := 0
# Drawn once: actions must cost what they cost when they come from outside.
var _actions: Array[PackedFloat32Array] = []


func _init(bridge: RLBridge, decisions: int, flags: int) -> void:
	_bridge = bridge
	_roster = bridge.roster
	_decisions = decisions
	_sense = bool(flags & SENSE)
	_draw_actions()
	bridge.set_profile(RLProfile.new() if flags & PROFILE else null)
	_begun_usec = Time.get_ticks_usec()
	_act()


## Finish a decision and begin the next one; false when there is none left.
func go_on() -> bool:
	_finish_decision()
	_played += 1
	if _played < _decisions:
		_act()
	return _played < _decisions


## What there was to see: decisions, ticks, seconds, and seconds by section where the run was profiled.
func report() -> Dictionary:
	var usec := Time.get_ticks_usec() - _begun_usec
	var result := {"decisions": _played, "ticks": _played * _bridge.action_repeat, "busy_s": usec * 1e-6}
	result["sections"] = _bridge.profile.to_seconds(usec) if _bridge.profile != null else {}
	_bridge.set_profile(null)
	return result


func _act() -> void:
	if _bridge.profile != null:
		_bridge.profile.start()
	_bridge.assignment.peer.received = _actions[_played % _POOL]
	_bridge.assignment.act()
	if _bridge.profile != null:
		_bridge.profile.stop(&"actions")


func _finish_decision() -> void:
	if _sense:
		_roster.update_state()
	else:
		_roster.skip_state()


func _draw_actions() -> void:
	var rng := RandomNumberGenerator.new()
	rng.seed = _SEED
	for i: int in mini(_POOL, _decisions):
		var actions := PackedFloat32Array()
		for agent: RLAgent in _roster.agents:
			for action: RLAction in agent.actions:
				if action is RLDiscreteAction:
					actions.append(rng.randi_range(0, action.size - 1))
				else:
					for k: int in action.size:
						actions.append(rng.randf_range(-1.0, 1.0))
		_actions.append(actions)
