extends RLTest
## The JSON protocol of stock Godot RL Agents 0.7, as its Python client speaks it.


func test_the_spaces_are_described_agent_by_agent() -> void:
	var game := _start({"images": "all"})
	check_equal(game.info["type"], "env_info")
	check_equal(game.info["n_agents"], 3.0)
	check_equal(game.info["agent_policy_names"], ["walker", "walker", "jumper"])
	var seen := {"obs": {"size": [16.0], "space": "box"}, "image_2d": {"size": [4.0, 6.0, 3.0], "space": "box"}}
	check_equal(game.info["observation_space"], [seen, seen, seen])
	var walk := {"move": {"size": 2.0, "action_type": "continuous"}}
	var hop := {"move": {"size": 2.0, "action_type": "continuous"}, "jump": {"size": 2.0, "action_type": "discrete"}}
	check_equal(game.info["action_space"], [walk, walk, hop])
	check_equal(_close(game), 0, "exit code")


func test_a_reset_answers_with_observations_and_images_in_hex() -> void:
	var game := _start({"images": "all"})
	var answer := _ask(game, {"type": "reset"})
	check_equal(answer["type"], "reset")
	var observation: Dictionary = answer["obs"][2]
	check_equal((observation["obs"] as Array).size(), 16, "floats")
	var image := str(observation["image_2d"]).hex_decode()
	check_equal(image.size(), 4 * 6 * 3, "bytes")
	check_equal(image[5], 5, "byte 5")
	check_equal(_close(game), 0, "exit code")


func test_an_action_moves_the_agents() -> void:
	var game := _start()
	var before: Dictionary = _ask(game, {"type": "reset"})["obs"][2]
	var answer := _act(game, [1.0, 0.0], 1)
	check_equal(answer["type"], "step")
	var after: Dictionary = answer["obs"][2]
	check_close(_place(before).distance_to(_place(after)), 0.2, "metres in 6 ticks", 0.01)
	var speed: float = after["obs"][13]
	check(speed > 0.3, "the jumper rises at %f" % speed)
	check_equal((answer["reward"] as Array).size(), 3, "rewards")
	check_equal(answer["done"], [false, false, false])
	check_equal(_close(game), 0, "exit code")


func test_done_is_true_at_both_endings_and_info_tells_them_apart() -> void:
	var game := _start({"touch_m": 0.0, "max_ticks": 12})
	_ask(game, {"type": "reset"})
	_act(game)
	var timed_out := _act(game)
	check_equal(timed_out["done"], [true, true, true])
	check_equal(timed_out["info"][0]["TimeLimit.truncated"], true, "truncated")
	check_equal(timed_out["info"][0]["metrics"]["length"], 2.0, "length")
	check_equal(timed_out["info"][0]["metrics"]["success"], 0.0, "success")
	var final: Array = timed_out["info"][0]["terminal_observation"]["obs"]
	check_close(final[15] as float, 0.012, "age in the final observation")
	check_close(timed_out["obs"][0]["obs"][15] as float, 0.0, "age in the next observation")
	check_equal(_close(game), 0, "exit code")
	game = _start({"touch_m": 10.0, "room_m": 3.0})
	_ask(game, {"type": "reset"})
	var touched := _act(game)
	check_equal(touched["done"], [true, true, true])
	check_equal(touched["info"][0]["TimeLimit.truncated"], false, "truncated")
	check_equal(_close(game), 0, "exit code")


func test_an_agent_that_waits_for_its_arena_stays_done() -> void:
	var game := _start({"touch_m": 3.0}, ["--arenas=2"])
	_ask(game, {"type": "reset"})
	var answer := _act(game)
	var info: Array = answer["info"]
	check_equal(
		info.map(func(entry: Dictionary) -> bool: return entry["active"]).count(true) in range(1, 6), true, "mixed"
	)
	for i: int in 6:
		var ended := "metrics" in (info[i] as Dictionary)
		check_equal(answer["done"][i], ended or not info[i]["active"], "done of agent %d" % i)
	check_equal(_close(game), 0, "exit code")


func test_call_runs_a_method_of_every_agent() -> void:
	var game := _start()
	var answer := _ask(game, {"type": "call", "method": "greet"})
	var expected := ["hello from walker_0", "hello from walker_1", "hello from jumper_0"]
	check_equal(answer, {"type": "call", "returns": expected})
	check_equal(_close(game), 0, "exit code")


func test_options_without_the_separator_count_as_a_stock_client_passes_them() -> void:
	var options := RLOptions.new(["--port=1", "--env_seed=3", "--disable-render-loop", "--headless", "--speedup=8"])
	check_equal(options.env_seed, 3)
	check_equal(options.speedup, 8.0)


func test_bad_messages_end_the_game_with_a_reason() -> void:
	_check_refused({"type": "dance"}, "unknown message type 'dance'")
	_check_refused({"type": "action", "action": []}, "an action message needs one action for each of 3 agents")
	_check_refused(
		{"type": "action", "action": [{}, {}, {}]}, "agent 'walker_0': the action {  } does not fit its space"
	)
	_check_refused({"type": "call", "method": "fly"}, "agent 'walker_0' has no method 'fly' to call")


func _check_refused(message: Dictionary, reason: String) -> void:
	var game := _start()
	check_equal(_ask(game, message), {}, "answer")
	check_equal(game.wait(), 4, "exit code")
	check("SPACETIME-ERROR: " + reason in game.log_text, game.log_text)


func _start(params: Dictionary = {}, arguments: PackedStringArray = []) -> ChildGame:
	return ChildGame.new(params, arguments, ChildGame.SCENE, "")


func _ask(game: ChildGame, message: Dictionary) -> Dictionary:
	game.send_json(message)
	return game.receive_json()


func _act(game: ChildGame, move: Array[float] = [0.0, 0.0], jump: int = 0) -> Dictionary:
	var agents: Array = game.info["action_space"]
	var actions: Array[Dictionary] = []
	for space: Dictionary in agents:
		actions.append({"move": move, "jump": jump} if space.has("jump") else {"move": move})
	return _ask(game, {"type": "action", "action": actions})


func _place(observation: Dictionary) -> Vector2:
	var floats: Array = observation["obs"]
	return 10.0 * Vector2(floats[7] as float, floats[9] as float)


func _close(game: ChildGame) -> int:
	game.send_json({"type": "close"})
	return game.wait()
