class_name RLStockSpaces
## Describes agents the way stock Godot RL Agents 0.7 does: one space dictionary for each agent.


## The stock `env_info` message.
static func env_info(roster: RLRoster) -> Dictionary:
	var observation_spaces: Array[Dictionary] = []
	var action_spaces: Array[Dictionary] = []
	var policies: Array[String] = []
	for agent: RLAgent in roster.agents:
		observation_spaces.append(_observation_space(agent))
		action_spaces.append(_action_space(agent))
		policies.append(String(agent.policy_name))
	return {
		"type": "env_info",
		"n_agents": roster.agents.size(),
		"observation_space": observation_spaces,
		"action_space": action_spaces,
		"agent_policy_names": policies,
	}


## Key of an image: stock clients know images by the "2d" in their key.
static func image_key(sensor: RLImageSensor) -> String:
	return String(sensor.label) if "2d" in sensor.label else "%s_2d" % sensor.label


static func _observation_space(agent: RLAgent) -> Dictionary:
	var space := {"obs": {"size": [agent.observation_size], "space": "box"}}
	for sensor: RLImageSensor in agent.image_sensors:
		var shape := sensor.shape()
		space[image_key(sensor)] = {"size": [shape.x, shape.y, shape.z], "space": "box"}
	return space


static func _action_space(agent: RLAgent) -> Dictionary:
	var space := {}
	for action: RLAction in agent.actions:
		space[String(action.label)] = {"size": action.size, "action_type": action.kind()}
	return space
