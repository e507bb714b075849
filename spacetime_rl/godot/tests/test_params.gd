extends RLTest
## Scenario parameters: what a run may set, and how mistakes are reported.


func test_values_are_set_by_name_and_whole_floats_are_ints() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 4.0, "room_m": 6, "objective": "flee"}), PackedStringArray(), "problems")
	check_equal(params.walkers, 4)
	check_equal(typeof(params.walkers), TYPE_INT)
	check_equal(params.room_m, 6.0)
	check_equal(params.objective, "flee")


func test_an_unknown_name_suggests_the_nearest_one() -> void:
	var problems := TouchParams.new().apply({"walkrs": 3})
	check_equal(problems, PackedStringArray(["unknown parameter 'walkrs'; did you mean 'walkers'?"]))


func test_a_name_like_no_other_lists_all_names() -> void:
	var problems := TouchParams.new().apply({"zzz": 3})
	check("known are: walkers, jumpers" in problems[0], problems[0])


func test_a_value_outside_its_range_is_refused() -> void:
	check_equal(
		TouchParams.new().apply({"walkers": 17}), PackedStringArray(["parameter 'walkers': 17 is outside 1..16"])
	)


func test_a_value_of_another_type_is_refused() -> void:
	var problems := TouchParams.new().apply({"walkers": 2.5, "room_m": "big", "objective": 1, "touch_reward": true})
	check_equal(problems.size(), 4, "problems")
	check_equal(problems[0], "parameter 'walkers': 2.5 is not of type int")
	check_equal(problems[1], "parameter 'room_m': \"big\" is not of type float")


func test_a_value_outside_its_choices_is_refused() -> void:
	var problems := TouchParams.new().apply({"objective": "fly"})
	check_equal(problems, PackedStringArray(["parameter 'objective': 'fly' is none of touch, flee"]))


func test_all_mistakes_are_reported_and_nothing_is_set() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 5, "jumpers": -1, "nope": 0}).size(), 2, "problems")
	check_equal(params.walkers, 2, "walkers")


func test_what_the_agents_depend_on_can_be_set_at_launch_only() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 2, "room_m": 9.0}, true), PackedStringArray(), "unchanged walkers")
	check_equal(
		params.apply({"walkers": 3}, true), PackedStringArray(["parameter 'walkers' can be set at launch only"])
	)


func test_to_dict_has_every_parameter() -> void:
	var values := TouchParams.new().to_dict()
	check_equal(values.size(), 11, "parameters")
	check_equal(values["objective"], "touch")
