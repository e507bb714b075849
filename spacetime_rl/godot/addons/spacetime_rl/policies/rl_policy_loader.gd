@tool
class_name RLPolicyLoader
extends ResourceFormatLoader
## Loads an `.onnx` file that was not imported. The engine finds this class by itself.
##
## A file that is missing becomes an RLPolicy, too, whose `problem` says so: without it the engine would load no scene
## that names the file, and so would say neither which agent needs it nor what to do.


func _get_recognized_extensions() -> PackedStringArray:
	return ["onnx"]


func _handles_type(type: StringName) -> bool:
	return type == &"Resource"


func _get_resource_type(path: String) -> String:
	return "Resource" if path.get_extension() == "onnx" else ""


func _recognize_path(path: String, _type: StringName) -> bool:
	return path.get_extension() == "onnx"


func _load(path: String, _original_path: String, _use_sub_threads: bool, _cache_mode: int) -> Variant:
	return RLPolicy.load_from(path)
