extends RLTest
## Games of the stock plugin whose agents a policy of ours plays: which agents it takes, and numbers that are none.
##
## tests/policies/test_stock_policy.py plays a whole game. The policy here is that of fixtures/policies without its
## schema, as another program would have written it: 16 numbers in, two continuous ones out.

const _FILE := "res://tests/fixtures/policies/walker.onnx"


## As much of the plugin's Sync node as is asked for.
class Sync:
	extends Node
	var initialized := true
	var action_repeat := 1
	var agents_heuristic: Array = []

	func connect_to_server() -> bool:
		return false

	func handle_message() -> void:
		pass


## Of a version in which the agents have no control mode.
class OldSync:
	extends Sync
	var control_mode := 1
	var onnx_model_path := "res://model.onnx"


## As much of the plugin's AIController as is asked for.
class OldController:
	extends Node
	var seen := 0.5
	var done := false
	var heuristic := "human"
	var actions: Array[Vector2] = []

	func _ready() -> void:
		add_to_group(&"AGENT")

	func get_obs() -> Dictionary:
		var numbers := []
		numbers.resize(16)
		numbers.fill(seen)
		return {"obs": numbers}

	func get_action_space() -> Dictionary:
		return {"move": {"size": 2, "action_type": "continuous"}}

	func set_action(action: Dictionary) -> void:
		actions.append(Vector2(action["move"][0] as float, action["move"][1] as float))

	func get_reward() -> float:
		return 2.0

	func zero_reward() -> void:
		pass

	func get_done() -> bool:
		return done

	func set_done_false() -> void:
		done = false

	func set_heuristic(to: String) -> void:
		heuristic = to


class Controller:
	extends OldController
	var control_mode := 2
	var policy_name := "walker"


func test_it_plays_the_agents_of_its_policy_name_and_leaves_people_alone() -> void:
	var agents: Array[Controller] = [Controller.new(), Controller.new(), Controller.new()]
	agents[1].policy_name = "jumper"
	agents[2].control_mode = 1
	var player := _play(Sync.new(), agents, "walker")
	await wait_ticks(3)
	check_equal(player.problem, "", "problem")
	check_equal(agents.map(_mode_of), [3, 2, 1], "control modes")
	check_equal(agents.map(_heuristic_of), ["model", "human", "human"], "heuristics")
	check(agents[0].actions.size() > 1 and agents[0].actions[0] != Vector2.ZERO, "actions: %s" % [agents[0].actions])
	check_equal(agents[1].actions.size() + agents[2].actions.size(), 0, "actions of the others")


func test_an_older_sync_node_asks_nobody() -> void:
	var sync := OldSync.new()
	var agent := OldController.new()
	_play(sync, [agent])
	await wait_ticks(3)
	check_equal([sync.control_mode, sync.onnx_model_path], [0, ""], "control mode and path")
	check(not sync.is_physics_processing(), "it would clear `done`")
	check(not agent.actions.is_empty(), "actions")


func test_without_a_sync_node_it_keeps_the_time_itself() -> void:
	var agent := Controller.new()
	var player := _play(null, [agent])
	await wait_ticks(18)
	check_equal(player.action_repeat, 8, "ticks of a decision")
	check_equal(agent.actions.size(), 3, "decisions in 18 ticks")


func test_an_ending_is_told_with_return_and_decisions() -> void:
	var agent := Controller.new()
	var player := _play(Sync.new(), [agent])
	var told: Array = []
	player.episode_ended.connect(func(who: Node, total: float, count: int) -> void: told.append([who, total, count]))
	while agent.actions.size() < 3:
		await get_tree().physics_frame
	agent.done = true
	await wait_ticks(2)
	check_equal(told, [[agent, 8.0, 3]], "endings")
	check(not agent.done, "done is cleared")


func test_an_observation_that_is_no_number_gives_no_action_and_the_others_go_on() -> void:
	var agents: Array[Controller] = [Controller.new(), Controller.new()]
	agents[0].seen = NAN
	_play(Sync.new(), agents)
	await wait_ticks(3)
	check_equal(agents[0].actions[-1], Vector2.ZERO, "without numbers")
	check(agents[1].actions[-1] != Vector2.ZERO, "with numbers")
	agents[0].seen = 0.5
	await wait_ticks(2)
	check(agents[0].actions[-1] != Vector2.ZERO, "with numbers again")


# The scene of a stock game, with one RLStockPolicy at its end.
func _play(sync: Node, agents: Array, policy_name: String = "") -> RLStockPolicy:
	var scene := Node.new()
	if sync != null:
		scene.add_child(sync)
	for agent: Node in agents:
		scene.add_child(agent)
	var player := RLStockPolicy.new()
	player.policy = RLPolicy.new()
	player.policy.model_bytes = (load(_FILE) as RLPolicy).model_bytes
	player.policy_name = policy_name
	scene.add_child(player)
	add_child(scene)
	return player


func _mode_of(agent: Controller) -> int:
	return agent.control_mode


func _heuristic_of(agent: Controller) -> String:
	return agent.heuristic
