"""Translates template.yaml into plain CloudFormation with the SAM translator, without AWS, and prints it as JSON.

Images are what `sam build` would make: a placeholder stands for them.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

with open(sys.argv[1], encoding="utf8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirrorfunction:latest"
translator = Translator({}, Parser())
json.dump(translator.translate(template, {}), sys.stdout, default=str)
