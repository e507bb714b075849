extends RLTest
## The command line of a training process.


func test_every_option_is_read() -> void:
	var given := "--physics_hz=60 --port=123 --token=ab=c --env_seed=5 --action_repeat=4 --arenas=3"
	given += " --scripted=giver,taker"
	var options := RLOptions.new(
		given.split(" ") + PackedStringArray(['--params={"walkers": 3}', "--control=heuristic", "--episode_steps=7"])
	)
	check_equal(options.problems, PackedStringArray(), "problems")
	check_equal(options.physics_hz, 60)
	check_equal(options.port, 123)
	check_equal(options.token, "ab=c")
	check_equal(options.env_seed, 5)
	check_equal(options.action_repeat, 4)
	check_equal(options.arenas, 3)
	check_equal(options.params, {"walkers": 3.0})
	check_equal(options.control, "heuristic")
	check_equal(options.episode_steps, 7)
	check_equal(options.scripted, PackedStringArray(["giver", "taker"]))


func test_mistakes_are_all_reported() -> void:
	var options := RLOptions.new(["--arenas=0", "--port=x", "--params=[1]", "--control=magic", "--env_seed=-1"])
	check_equal(options.problems.size(), 5, "problems")
	check_equal(options.problems[0], "--arenas=0: expected a whole number of at least 1")


func test_options_of_others_are_left_alone() -> void:
	check_equal(RLOptions.new(["--headless", "--quality=high", "scene.tscn"]).problems, PackedStringArray(), "problems")
