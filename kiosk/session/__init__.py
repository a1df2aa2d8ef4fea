"""Where the customer is: pages and what was typed and chosen there. Nothing here is money and nothing is journalled."""
