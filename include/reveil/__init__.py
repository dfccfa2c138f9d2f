"""reveil: from CRM and e-mail tables to contacts won back, and personal data erased on time."""
