class_name RLActionMasks
extends RefCounted
## The masks of an agent: for each choice of its masked actions whether it is allowed now, as 1 or 0.
##
## They are the last fields of the agent's observation vector, so that whatever has the observation has the masks.

## The name of an action's mask among the observation fields is this and the action's name.
const PREFIX := "mask/"
## The logit that a policy computes for a choice that is not allowed.
const MASKED := -1e9

## Floats that the masks take in the observation vector.
var size := 0

var _agent: RLAgent
var _actions: Array[RLDiscreteAction] = []


## The masks of an agent; null if none of its actions is masked.
static func of(agent: RLAgent) -> RLActionMasks:
	var masks := RLActionMasks.new()
	masks._agent = agent
	for action: RLAction in agent.actions:
		var choice := action as RLDiscreteAction
		if choice != null and choice.masked:
			masks._actions.append(choice)
			masks.size += choice.choices
	return masks if masks.size > 0 else null


## The observation fields, as RLLayout has them.
func fields() -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	for action: RLDiscreteAction in _actions:
		found.append({"name": PREFIX + String(action.label), "size": action.choices, "unit": "", "kind": "mask"})
	return found


## Ask the game which choices are allowed now.
func update() -> void:
	for action: RLDiscreteAction in _actions:
		# What an agent may do whose episode has ended does not matter.
		if not action.update_allowed() and _agent.active:
			push_error(
				(
					"agent '%s' (%s): the mask of its action '%s' allows none of %d choices; allow at least one"
					% [_agent.agent_name, _agent.get_path(), action.label, action.choices]
				)
			)


## Ask the game, and write the masks into an observation vector.
func write(buffer: PackedFloat32Array, offset: int) -> void:
	update()
	for action: RLDiscreteAction in _actions:
		for choice: int in action.choices:
			buffer[offset + choice] = 1.0 if action.is_allowed(choice) else 0.0
		offset += action.choices


## Masked actions whose mask nobody has set, one sentence each.
func problems() -> PackedStringArray:
	var found: PackedStringArray = []
	for action: RLDiscreteAction in _actions:
		if not action.mask.is_valid():
			found.append(
				(
					"agent '%s': its action '%s' is masked, but its `mask` is not set; set it in a `_ready`"
					% [_agent.agent_name, action.label]
				)
			)
	return found
