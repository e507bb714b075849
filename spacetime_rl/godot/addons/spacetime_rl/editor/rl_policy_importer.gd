@tool
extends EditorImportPlugin
## Imports an `.onnx` file, and the schema if one is beside it, as an RLPolicy, which exported games contain.


func _get_importer_name() -> String:
	return "spacetime_rl.policy"


func _get_visible_name() -> String:
	return "Policy"


func _get_recognized_extensions() -> PackedStringArray:
	return ["onnx"]


func _get_save_extension() -> String:
	return "res"


func _get_resource_type() -> String:
	return "Resource"


func _get_priority() -> float:
	return 1.0


func _get_import_order() -> int:
	return 0


func _get_preset_count() -> int:
	return 1


func _get_preset_name(_preset_index: int) -> String:
	return "Default"


func _get_import_options(_path: String, _preset_index: int) -> Array[Dictionary]:
	return []


func _get_option_visibility(_path: String, _option_name: StringName, _options: Dictionary) -> bool:
	return true


func _import(
	source_file: String,
	save_path: String,
	_options: Dictionary,
	_platform_variants: Array[String],
	_gen_files: Array[String]
) -> Error:
	var policy := RLPolicy.load_from(source_file)
	if not policy.problem.is_empty():
		push_error("%s: %s" % [source_file, policy.problem])
		return ERR_FILE_CORRUPT
	return ResourceSaver.save(policy, "%s.%s" % [save_path, _get_save_extension()], ResourceSaver.FLAG_COMPRESS)
