extends RLTest
## The editor's warnings: one for each thing that is wrong with a node where it stands, none for what is right.

const ROOM: PackedScene = preload("res://tests/fixtures/touch/touch_arena.tscn")


func test_a_bridge_needs_a_scene_whose_root_is_an_arena() -> void:
	var bridge := RLBridge.new()
	_check_warnings(bridge, ["Set arena_scene to a scene whose root extends RLArena or RLArena2D."])
	bridge.arena_scene = load("res://scenarios/vr_interaction/taker.tscn")
	_check_warnings(bridge, ["arena_scene is 'taker.tscn', whose root does not extend RLArena or RLArena2D."])
	bridge.arena_scene = load("res://tests/fixtures/shove/shove_arena.tscn")
	_check_warnings(bridge, [])
	bridge.arena_scene = ROOM
	_check_warnings(bridge, [])
	bridge.free()


func test_an_arena_is_the_root_of_a_scene() -> void:
	var root := _keep(Node3D.new())
	var arena := RLArena.new()
	root.add_child(arena)
	_check_warnings(arena, [])
	arena.owner = root
	_check_warnings(
		arena, ["An RLArena has to be the root of a scene of its own, which an RLBridge names as arena_scene."]
	)


func test_two_agents_of_one_name_are_reported_at_the_arena_and_at_each_of_them() -> void:
	var arena := _keep(RLArena.new()) as RLArena
	for i: int in 2:
		_add_agent(arena, CharacterBody3D.new(), "Player%d" % i).agent_name = &"runner"
	_check_warnings(arena, ["Two agents are named 'runner': give each an agent_name of its own."])
	var first := arena.get_node("Player0/Agent") as RLAgent
	_check_warnings(first, ["Another agent is named 'runner', too: Player1/Agent."])
	first.agent_name = &""
	_check_warnings(arena, [])
	_check_warnings(first, [])


func test_an_agent_stands_below_the_body_that_it_plays() -> void:
	var agent := _add_agent(_keep(Node.new()), null)
	_check_warnings(
		agent, ["The parent of an RLAgent has to be the player's body, such as a CharacterBody3D or a CharacterBody2D."]
	)


func test_an_agent_has_a_policy_and_whole_reward_terms() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	agent.policy_name = &""
	agent.reward_terms = [null]
	_check_warnings(
		agent,
		["Set policy_name: the policy that plays this agent.", "reward_terms has an empty place: set it, or remove it."]
	)


func test_a_policy_that_cannot_play_is_reported_where_it_is_set() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	agent.policy = load("res://tests/fixtures/policies/walker.onnx") as RLPolicy
	_check_warnings(agent, [])
	agent.policy = agent.policy.duplicate() as RLPolicy
	agent.policy.schema = {}
	_check_warnings(agent, ["policy has no schema: put the .schema.json of `spacetime-rl export` beside its file."])
	agent.policy = load("res://missing.onnx") as RLPolicy
	_check_warnings(agent, ["policy cannot play: res://missing.onnx: it cannot be read: File not found."])
	var stock := _keep(RLStockPolicy.new()) as RLStockPolicy
	_check_warnings(stock, ["Set policy: without one nothing plays."])


func test_names_declared_twice_are_reported() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	agent.reward_names = [&"goal", &"goal"]
	agent.metric_names = [&"laps", &"length", &"laps"]
	_check_warnings(
		agent,
		[
			"reward_names has 'goal' twice.",
			"metric_names has 'length', which every agent reports: give it another name.",
			"metric_names has 'laps' twice."
		]
	)


func test_a_name_that_the_agents_script_uses_has_to_be_declared() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	_take_script(agent, ["add_reward('goal', 1.0)", "add_metric(&'laps', 1.0)", "other.add_reward('of_another', 1.0)"])
	_check_warnings(
		agent,
		[
			'add_reward("goal") in this agent\'s script: the name is not in reward_names.',
			'add_metric("laps") in this agent\'s script: the name is not in metric_names.'
		]
	)
	var term := RLTimeReward.new()
	term.name = &"goal"
	agent.reward_terms = [term]
	agent.metric_names = [&"laps"]
	_check_warnings(agent, [])


func test_a_name_that_the_arenas_script_uses_has_to_be_declared_by_an_agent() -> void:
	var arena := _keep(RLArena.new()) as RLArena
	var agent := _add_agent(arena, CharacterBody3D.new())
	_take_script(arena, ["other.set_metric(&'laps', 1.0)  # other.add_reward('in_a_comment', 1.0)"])
	_check_warnings(arena, ['set_metric("laps") in the arena\'s script: the name is not in metric_names.'])
	agent.metric_names = [&"laps"]
	_check_warnings(arena, [])


func test_sensors_and_actions_stand_below_an_agent() -> void:
	for part: Node in [RLRaySensor.new(), RLCameraSensor.new(), RLDiscreteAction.new(), TouchFaultSensor.new()]:
		_keep(Node3D.new()).add_child(part)
		var kind := (part.get_script() as Script).get_global_name()
		_check_warnings(part, ["%s has to be a child of an RLAgent: where it is now, nothing uses it." % kind])


func test_parts_of_an_agent_have_labels_of_their_own() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	for label: StringName in [&"left", &"left", &"right"]:
		var rays := RLRaySensor.new()
		rays.label = label
		rays.name = "Rays%d" % agent.get_child_count()
		agent.add_child(rays)
	var action := RLContinuousAction.new()
	action.label = &"left"
	agent.add_child(action)
	_check_warnings(agent.get_child(0), ["'Rays1' has the same label, 'left': give each its own."])
	_check_warnings(agent.get_child(2), [])
	_check_warnings(action, [])


func test_some_sensors_need_a_certain_body() -> void:
	var agent := _add_agent(_keep(Node3D.new()), null)
	var velocity := RLVelocitySensor.new()
	agent.add_child(velocity)
	_check_warnings(velocity, ["RLVelocitySensor needs a RigidBody3D or CharacterBody3D as the agent's parent."])
	velocity.angular = true
	_check_warnings(
		velocity, ["An angular velocity is that of a RigidBody3D: make one the agent's parent, or switch angular off."]
	)
	var hands := RLHandsSensor.new()
	agent.add_child(hands)
	_check_warnings(hands, ["RLHandsSensor needs an RLXRPlayer as the agent's parent."])


func test_sensors_belong_to_a_body_of_their_dimensions() -> void:
	var flat := RLRaySensor2D.new()
	_add_agent(_keep(Node3D.new()), null).add_child(flat)
	_check_warnings(flat, ["RLRaySensor2D is for 2D, and the agent's parent is a Node3D."])
	var agent := _add_agent(_keep(Node2D.new()), null)
	_check_warnings(agent, [])
	var pose := RLPoseSensor.new()
	agent.add_child(pose)
	_check_warnings(pose, ["RLPoseSensor is for 3D, and the agent's parent is a Node2D."])
	var velocity := RLVelocitySensor2D.new()
	agent.add_child(velocity)
	_check_warnings(velocity, ["RLVelocitySensor2D needs a RigidBody2D or CharacterBody2D as the agent's parent."])


func test_the_scenarios_that_come_with_the_package_have_no_warnings() -> void:
	for folder: String in DirAccess.get_directories_at("res://scenarios"):
		for file: String in DirAccess.get_files_at("res://scenarios".path_join(folder)):
			if file.ends_with(".tscn"):
				var scene: PackedScene = load("res://scenarios".path_join(folder).path_join(file))
				_check_tree(scene, "%s/%s" % [folder, file])


func _check_tree(scene: PackedScene, where: String) -> void:
	var root := scene.instantiate()
	for node: Node in [root] + root.find_children("*", "", true, false):
		check_equal(RLSceneCheck.problems_of(node), PackedStringArray(), "%s: %s" % [where, node.name])
	root.free()


func _check_warnings(node: Node, expected: PackedStringArray) -> void:
	var warnings: PackedStringArray = node.call(&"_get_configuration_warnings")
	check_equal(warnings, expected, "warnings of %s" % node.name)


# A root that ends with the test.
func _keep(root: Node) -> Node:
	add_child(root)
	return root


func _add_agent(root: Node, body: Node, label: String = "Player") -> RLAgent:
	if body != null:
		body.name = label
		root.add_child(body)
	var agent := RLAgent.new()
	agent.name = "Agent"
	(root if body == null else body).add_child(agent)
	return agent


# A script of the node's own, which extends that which it has; nobody runs it.
func _take_script(node: Node, lines: PackedStringArray) -> void:
	var script := GDScript.new()
	var base := (node.get_script() as Script).get_global_name()
	var head := "extends %s\nvar other: RLAgent\nfunc _pay() -> void:\n\t" % base
	script.source_code = head + "\n\t".join(lines).replace("'", '"') + "\n"
	check_equal(script.reload(), OK, "script")
	node.set_script(script)
